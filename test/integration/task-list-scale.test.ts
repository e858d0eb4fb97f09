import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageOf } from "../../src/contract/common.ts";
import { Task, type TaskListRequest } from "../../src/contract/task.ts";
import { taskRecord } from "../jobs/task-record.ts";
import type { Api } from "../support/api.ts";
import { crowd, postCounted } from "../support/crowd.ts";
import { startWorld, type World } from "../support/world.ts";

/**
 * What a list looks at is counted, not timed: the stand-in says how many documents it examined. The
 * bounds don't depend on how many there are, and to insert them takes nearly all of the time.
 */
const COUNT = process.env["CI"] === "true" ? 100_000 : 20_000;
const PAGE = 50;
/** How many tasks have the rarer value of each filter: what a pair of filters looks at, at the most. */
const RARE = COUNT / 200;

const TaskPage = pageOf(Task);
const START = Date.parse("2026-01-01T00:00:00.000Z");

const hex = (prefix: string, value: number) => `${prefix}_${value.toString(16).padStart(32, "0")}`;
const isNth = (index: number, of: number) => index % of === 0;

/** The tasks differ in every filter, each independently of the others. */
function taskOf(index: number, namespaceId: string) {
  const id = hex("tsk", index);
  return {
    ...taskRecord({
      _id: id,
      namespace_id: namespaceId,
      created_at: new Date(START + index * 1000),
      status: isNth(index, 211) ? "FAILED" : "COMPLETED",
      task_type: isNth(index, 223) ? "rare.type" : "common.type",
      tags: isNth(index, 227) ? ["all", "rare"] : ["all"],
      resource_id: isNth(index, 229) ? "batch_rare" : hex("batch", index),
      parent_task_id: isNth(index, 233) ? hex("tsk", 1) : null,
      metadata: { team: isNth(index, 239) ? "rare" : "common", year: 2026 },
      idempotency_slot: id,
      singleton_slot: id,
      concurrency_slot: id,
    }),
    metadata_terms: [`team="${isNth(index, 239) ? "rare" : "common"}"`, "year=2026"],
  };
}

const FILTERS: Readonly<Record<string, TaskListRequest>> = {
  status: { status: "FAILED" },
  task_type: { task_type: "rare.type" },
  tags: { tags: "rare" },
  resource_id: { resource_id: "batch_rare" },
  parent_task_id: { parent_task_id: hex("tsk", 1) },
  metadata: { metadata: { team: "rare" } },
  "metadata of two fields": { metadata: { team: "rare", year: 2026 } },
  created_at: {
    created_at: {
      gte: new Date(START + COUNT * 500).toISOString(),
      lt: new Date(START + (COUNT / 2 + RARE - 20) * 1000).toISOString(),
    },
  },
};

const NAMES = Object.keys(FILTERS);
const PAIRS = NAMES.flatMap((one, index) =>
  NAMES.slice(index + 1)
    .filter((other) => !(one === "metadata" && other.startsWith(one)))
    .map((other) => [one, other]),
);

let world: World;
let api: Api;
beforeAll(async () => {
  world = await startWorld();
  api = await crowd(world, { collection: "tasks", count: COUNT, make: taskOf });
}, 120_000);
afterAll(() => world.close());

/** A page, and how many documents the database looked at for it. */
async function page(request: TaskListRequest) {
  const { body, examined } = await postCounted(world, api, "/v1/tasks/list", {
    limit: PAGE,
    ...request,
  });
  return { ...TaskPage.parse(body), examined };
}

describe(`a list over ${COUNT} tasks`, () => {
  it.each(NAMES)("by %s alone looks at its page and no more", async (name) => {
    const { results, examined } = await page(FILTERS[name] ?? {});
    expect(results).toHaveLength(PAGE);
    expect(examined).toBeLessThanOrEqual(PAGE + 1);
  });

  it.each(PAIRS)(
    "by %s and %s looks at what the rarer one lets through at the most",
    async (one, other) => {
      const { results, examined } = await page({ ...FILTERS[one ?? ""], ...FILTERS[other ?? ""] });
      expect(results.length).toBeLessThan(PAGE);
      expect(examined).toBeLessThanOrEqual(RARE);
    },
  );

  it("looks at as much for a late page as for the first", async () => {
    const looked: number[] = [];
    const ids = new Set<string>();
    let cursor: string | null = null;
    for (let number = 1; number <= 60; number += 1) {
      const { results, pagination, examined }: Awaited<ReturnType<typeof page>> = await page({
        tags: "all",
        limit: 200,
        ...(cursor !== null && { cursor }),
      });
      for (const task of results) ids.add(task.task_id);
      looked.push(examined);
      cursor = pagination.next_cursor;
    }
    expect(ids.size).toBe(60 * 200);
    expect(Math.max(...looked)).toBeLessThanOrEqual(202);
  });
});
