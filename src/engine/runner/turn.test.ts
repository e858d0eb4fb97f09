import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createJobHarness, type JobHarness } from "../../../test/jobs/harness.ts";
import { isTerminal } from "../../contract/status.ts";
import { claim } from "./claim.ts";
import { runJob } from "./run-job.ts";

const singleton = { key: "one-by-one", when_busy: "queue" } as const;

/** So many tasks in line for one key, a millisecond apart, in order of submission. */
async function inLine(h: JobHarness, count: number) {
  const tasks = [];
  for (let index = 0; index < count; index += 1) {
    tasks.push(await h.submit({ singleton }));
    h.advance(1);
  }
  return tasks;
}

/** What became of a message for the task as it was submitted. */
async function claimed(h: JobHarness, task: { _id: string; version: number } | undefined) {
  const outcome = await claim(h.ctx, { task_id: task?._id ?? "", version: task?.version ?? 0 });
  return outcome.kind === "claimed" ? "claimed" : outcome.reason;
}

describe("those that queue for a singleton key", () => {
  it("begin in the order of submission, though a later one's message comes when the key is free", async () => {
    const h = createJobHarness();
    const [, second, third] = await inLine(h, 3);
    await h.deliverNext();
    expect(await claimed(h, third)).toBe("busy");
    expect(await claimed(h, second)).toBe("claimed");
    expect(await claimed(h, third)).toBe("busy");
  });

  it("remind the first in line when they find the key free, and no more than once a minute", async () => {
    const h = createJobHarness();
    const [first, second, third] = await inLine(h, 3);
    // The first one's own message was lost.
    h.world.queue = [];
    for (const task of [second, third, third]) expect(await claimed(h, task)).toBe("busy");
    const reminders = h.world.queue.splice(0);
    expect(new Set(reminders.map(({ message }) => message.task_id))).toEqual(new Set([first?._id]));
    expect(new Set(reminders.map(({ options }) => options.deduplicationId)).size).toBe(1);
    h.advance(60_000);
    expect(await claimed(h, third)).toBe("busy");
    expect(h.world.queue[0]?.options.deduplicationId).not.toBe(
      reminders[0]?.options.deduplicationId,
    );
    expect(await claimed(h, first)).toBe("claimed");
    h.world.queue = [];
    expect(await claimed(h, second)).toBe("busy");
    expect(h.world.queue).toEqual([]);
  });

  it("don't wait for one whose time to start is yet to come, nor for one that was killed", async () => {
    const h = createJobHarness();
    await h.submit({ singleton, delay: 3600 });
    h.advance(1);
    const [killed, next] = await inLine(h, 2);
    await h.kill(killed?._id ?? "");
    expect(await claimed(h, next)).toBe("claimed");
  });

  it("wait for one that waits for its next attempt, which keeps the key", async () => {
    const h = createJobHarness();
    h.script.onStep = () => {
      throw new Error("not now");
    };
    const [first, second] = await inLine(h, 2);
    await h.deliverNext();
    expect(await h.task(first?._id ?? "")).toMatchObject({ status: "PENDING", attempt: 1 });
    expect(h.world.queue.filter(({ message }) => message.task_id === second?._id)).toHaveLength(1);
    expect(await claimed(h, second)).toBe("busy");
  });

  it("all run, one after the other and in order, whatever messages are lost, doubled or late", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 5 }),
        fc.array(fc.record({ pick: fc.nat(), fate: fc.constantFrom("run", "lose", "double") }), {
          maxLength: 30,
        }),
        async (count, moves) => {
          const h = createJobHarness();
          const tasks = await inLine(h, count);
          for (const { pick, fate } of moves) {
            const [message] = h.world.queue.splice(pick % Math.max(1, h.world.queue.length), 1);
            h.advance(1);
            if (message === undefined || fate === "lose") continue;
            if (fate === "double") h.world.queue.push(message);
            await runJob({ ctx: h.ctx, input: message.message });
          }
          for (let minute = 0; minute < 60; minute += 1) {
            h.advance(60_000);
            await h.cron();
            while ((await h.deliverNext()) !== null);
          }
          const ended = await Promise.all(tasks.map(({ _id }) => h.task(_id)));
          expect(ended.every(({ status }) => isTerminal(status))).toBe(true);
          const times = ended.flatMap((task) => [task.started_at, task.completed_at]);
          expect(times).toEqual(times.toSorted((a, b) => Number(a) - Number(b)));
        },
      ),
      { numRuns: 40 },
    );
  });
});
