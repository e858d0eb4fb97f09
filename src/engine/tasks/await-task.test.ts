import { describe, expect, test } from "vitest";
import { createHarness } from "../../../test/webhooks/harness.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";
import type { CachedTask } from "../../ports/task-cache.ts";
import type { TaskNews } from "../../ports/watchers.ts";
import type { NamespaceContext } from "../context.ts";
import { awaitTask } from "./await-task.ts";

function version(number: number, status: CachedTask["status"] = "PROCESSING"): CachedTask {
  return { version: number, status, json: `{"version":${number}}` };
}

type Look = CachedTask | "down";

/** Looks return these in turn, then the last one forever; each wait returns `next`. */
function waiting(looks: readonly Look[], next: (ms: number) => TaskNews | null = () => null) {
  const h = createHarness();
  const pauses: number[] = [];
  let looked = 0;
  let isLeft = false;
  const look = (): Promise<CachedTask> => {
    const answer = looks[Math.min(looked, looks.length - 1)] ?? "down";
    looked += 1;
    return answer === "down"
      ? Promise.reject(new StoreUnavailableError("redis", "down"))
      : Promise.resolve(answer);
  };
  const known = version(5);
  const ctx: NamespaceContext = {
    ...h.ctx,
    stores: {
      ...h.ctx.stores,
      taskCache: {
        ...h.ctx.stores.taskCache,
        // The plain poll that a failed look falls back to; not counted as a look.
        get: () => Promise.resolve(known),
        watch: look,
      },
      watchers: {
        ...h.ctx.stores.watchers,
        join: () => ({
          next: (_known, ms) => {
            pauses.push(ms);
            h.advance(ms);
            return Promise.resolve(next(ms));
          },
          leave: () => {
            isLeft = true;
          },
        }),
      },
    },
  };
  const run = (waitMs: number, isKnown: (version: number) => boolean = () => true) =>
    awaitTask({ ctx, input: { taskId: "tsk_1", cacheOnly: false, isKnown, waitMs } });
  return { run, pauses, looks: () => looked, isLeft: () => isLeft };
}

describe("a wait", () => {
  test("looks for itself every 15 seconds, so a lost wake-up costs no more than that", async () => {
    const w = waiting([version(5), version(5), version(6)]);
    const { polled, isWaitApplied } = await w.run(60_000);
    expect(polled.task.version).toBe(6);
    expect(isWaitApplied).toBe(true);
    expect(w.pauses).toEqual([15_000, 15_000]);
    expect(w.isLeft()).toBe(true);
  });

  test("ends when its time is up, with the task as it is then", async () => {
    const w = waiting([version(5)]);
    const { polled, isWaitApplied } = await w.run(40_000);
    expect([polled.task.version, isWaitApplied]).toEqual([5, true]);
    expect(w.pauses).toEqual([15_000, 15_000, 10_000]);
    expect(w.looks()).toBe(4);
  });

  test("ends with the news that the writer brings, and reads nothing more", async () => {
    const w = waiting([version(5)], () => ({ ...version(9, "COMPLETED"), sequence: 4 }));
    const { polled } = await w.run(60_000);
    expect(polled).toMatchObject({ task: version(9, "COMPLETED"), source: "cache" });
    expect(w.looks()).toBe(1);
    // From now on it comes from memory, since it never changes again.
    await w.run(60_000);
    expect(w.looks()).toBe(1);
  });

  test("doesn't begin when there is news already, or no time", async () => {
    const differs = waiting([version(5)]);
    await differs.run(60_000, (number) => number === 4);
    const ended = waiting([version(5, "FAILED")]);
    await ended.run(60_000);
    const zero = waiting([version(5)]);
    expect((await zero.run(0)).isWaitApplied).toBe(true);
    expect([differs.pauses, ended.pauses, zero.pauses]).toEqual([[], [], []]);
  });

  test("is a plain poll when the first look finds Redis down", async () => {
    const w = waiting(["down"]);
    const { polled, isWaitApplied } = await w.run(60_000);
    expect([polled.task.version, isWaitApplied]).toEqual([5, false]);
    expect(w.pauses).toEqual([]);
  });

  test("survives one failed look, as long as the watch lasts", async () => {
    const w = waiting([version(5), "down", version(5)]);
    expect((await w.run(60_000)).isWaitApplied).toBe(true);
    const never = waiting([version(5), "down"]);
    expect((await never.run(60_000)).isWaitApplied).toBe(false);
    expect(never.pauses).toEqual([15_000, 15_000]);
  });
});
