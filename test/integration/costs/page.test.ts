import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { type Cost, keysOf, REQUEST_COSTS, WORK_COSTS } from "./expected.ts";
import { EXECUTOR_COSTS, JOB_COSTS } from "./expected-jobs.ts";

const COSTS: Readonly<Record<string, Cost>> = {
  ...REQUEST_COSTS,
  ...WORK_COSTS,
  ...JOB_COSTS,
  ...EXECUTOR_COSTS,
};

const HEADING = "# What it costs";

describe("what it costs", () => {
  it.each(keysOf(COSTS))("is within the design's limit: %s", (operation) => {
    const cost = COSTS[operation];
    if (cost === undefined || cost.limit === null) return;
    const [redis, mongo, qstash] = cost.limit;
    expect(cost.redis.length).toBeLessThanOrEqual(redis);
    expect(cost.mongo.length).toBeLessThanOrEqual(mongo);
    expect(messages(cost)).toBeLessThanOrEqual(qstash);
  });

  it("stands in docs/costs.md as the tests count it", async () => {
    const page = await readFile(new URL("../../../docs/costs.md", import.meta.url), "utf8");
    expect(tableUnder(page, HEADING)).toEqual(
      Object.entries(COSTS).map(([operation, cost]) => rowOf(operation, cost)),
    );
  });
});

/** What QStash charges for; a request that takes messages back is none. */
function messages({ qstash }: Cost): number {
  return qstash.filter((entry) => /^(publish|batch-item|enqueue) /.test(entry)).length;
}

/** A row of the page's table: the operation, three counts, and the design's limits. */
function rowOf(operation: string, cost: Cost): string[] {
  const { redis, mongo, ownData = [], limit } = cost;
  return [
    operation,
    String(redis.length),
    ownData.length > 0
      ? `${mongo.length} + ${ownData.length} of its own data`
      : String(mongo.length),
    String(messages(cost)),
    limit === null ? "" : limit.join(" / "),
  ];
}

/** The cells of the first table after a heading, without its head. */
function tableUnder(markdown: string, heading: string): string[][] {
  const section = `\n${markdown}`.split(`\n${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
