import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createJobHarness, type JobHarness } from "../../../test/jobs/harness.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { claim } from "./claim.ts";

const INTERVAL_MS = 1_000;
const LEASE_MS = 60_000;

/** Runs a job of steps that take so long, and gives the task as it was in each step. */
async function runSteps(h: JobHarness, stepsMs: readonly number[]): Promise<TaskRecord[]> {
  const seen: TaskRecord[] = [];
  const { _id } = await h.submit();
  h.script.steps = stepsMs.length;
  h.script.onStep = async (step) => {
    seen.push(await h.task(_id));
    h.advance(stepsMs[step - 1] ?? 0);
  };
  await h.deliverNext();
  return seen;
}

describe("a heartbeat", () => {
  it("goes at most once in its interval, and before each step that is due for one", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(0, 1, 250, 500, 999, 1_000, 2_500), {
          minLength: 2,
          maxLength: 20,
        }),
        async (stepsMs) => {
          const h = createJobHarness({ INVOCATION_BUDGET_MS: "600000" });
          const startedAt = h.now().getTime();
          const seen = await runSteps(h, stepsMs);
          // The rule, in other words: a beat when a step ends an interval or more after the last.
          let clock = startedAt;
          let last = startedAt;
          let beats = 0;
          const expected = stepsMs.map((ms) => {
            if (clock - last >= INTERVAL_MS) {
              last = clock;
              beats += 1;
            }
            clock += ms;
            return { version: 2 + beats, leaseEnd: last + LEASE_MS };
          });
          expect(
            seen.map(({ version, lease_expires_at }) => ({
              version,
              leaseEnd: lease_expires_at?.getTime(),
            })),
          ).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("stores checkpoint and progress, where polls see it", async () => {
    const h = createJobHarness();
    const seen = await runSteps(h, [400, 400, 400, 400]);
    expect(seen.map(({ checkpoint }) => checkpoint)).toEqual([null, null, null, { done: 3 }]);
    expect(seen.at(-1)?.progress).toMatchObject({ completed: 3, total: 4 });
    const shown = h.puts.map(({ task }) => task.version);
    expect(shown).toEqual([1, 2, 3, 4]);
  });

  it("says by event how far the job is, once in ten seconds at most", async () => {
    const h = createJobHarness({ INVOCATION_BUDGET_MS: "600000" });
    const seen = await runSteps(
      h,
      Array.from({ length: 36 }, () => 1_000),
    );
    const [last] = seen.slice(-1);
    const task = await h.task(last?._id ?? "");
    const progressed = task.pending_events.filter(({ type }) => type === "task.progressed");
    const times = progressed.map(
      ({ timestamp }) => timestamp.getTime() - task.created_at.getTime(),
    );
    expect(times).toEqual([10_000, 20_000, 30_000]);
    expect(progressed[0]?.data).toMatchObject({ task: { progress: { completed: 10 } } });
  });

  it("of a runner whose lease is in other hands changes nothing but the history, and it stops", async () => {
    const h = createJobHarness();
    const { _id } = await h.submit();
    const steps: number[] = [];
    h.script.steps = 5;
    h.script.onUndo = () => expect.unreachable();
    h.script.onStep = async (step) => {
      steps.push(step);
      h.advance(1_500);
      if (step !== 2) return;
      // It sleeps for so long that it is taken for dead.
      h.advance(LEASE_MS);
      await h.cron();
    };
    const [message] = h.world.queue;
    expect(await h.deliverNext()).toEqual({ kind: "lost" });
    expect(steps).toEqual([1, 2]);
    const task = await h.task(_id);
    expect(task).toMatchObject({ status: "PENDING", attempt: 1, checkpoint: { done: 1 } });
    expect(task.history.at(-1)).toMatchObject({ kind: "rejected", actor: "runner", attempt: 1 });
    expect(task.history.at(-1)?.reason).toContain("old lease token");
    expect(message?.message.version).not.toBe(task.version);
  });

  it("of a zombie doesn't renew the lease of the runner that came after it", async () => {
    const h = createJobHarness({ LEASE_SECONDS: "30", INVOCATION_BUDGET_MS: "600000" });
    const { _id } = await h.submit();
    let successor: TaskRecord | null = null;
    h.script.onStep = async () => {
      h.advance(30_000);
      await h.cron();
      const { version } = await h.task(_id);
      const claimed = await claim(h.ctx, { task_id: _id, version });
      if (claimed.kind === "claimed") successor = claimed.task;
    };
    expect(await h.deliverNext()).toEqual({ kind: "lost" });
    const { history, ...rest } = await h.task(_id);
    expect(rest).toMatchObject({ status: "PROCESSING", attempt: 2, checkpoint: null });
    expect({ ...rest, history: history.slice(0, -1) }).toEqual(successor);
    expect(history.at(-1)).toMatchObject({ kind: "rejected", attempt: 1 });
  });

  it("brings an event's worth of progress only while the lease holds", async () => {
    const h = createJobHarness({ INVOCATION_BUDGET_MS: "600000" });
    const { _id } = await h.submit();
    h.script.onStep = async () => {
      h.advance(LEASE_MS + 1_000);
      await h.cron();
    };
    expect(await h.deliverNext()).toEqual({ kind: "lost" });
    const types = (await h.task(_id)).pending_events.map(({ type }) => type);
    expect(types).toEqual(["task.created", "task.started"]);
  });
});
