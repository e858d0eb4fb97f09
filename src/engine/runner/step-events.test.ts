import { describe, expect, it } from "vitest";
import { createJobHarness, type JobHarness } from "../../../test/jobs/harness.ts";

const counted = (step: number) => [{ type: "steps.counted", data: { step } }];

/** Runs a task to its end, whatever fails in between. */
async function runToTheEnd(h: JobHarness, taskId: string) {
  for (let turn = 0; turn < 20; turn += 1) {
    while ((await h.deliverNext()) !== null);
    const task = await h.task(taskId);
    if (task.completed_at !== null) return task;
    h.advance(120_000);
    await h.cron();
  }
  throw new Error("the task has not ended");
}

/** The steps that the task's events tell of, in order of their numbers. */
async function told(h: JobHarness, taskId: string): Promise<readonly unknown[]> {
  const { pending_events: events } = await h.task(taskId);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  return events.flatMap(({ type, data }) => (type === "steps.counted" ? [data["step"]] : []));
}

describe("events of steps", () => {
  it("are stored with the checkpoint behind them, at each heartbeat", async () => {
    const h = createJobHarness({ HEARTBEAT_INTERVAL_MS: "0" });
    h.script.eventsOf = counted;
    const { _id } = await h.submit();
    const atStep: unknown[] = [];
    h.script.onStep = async (step) => {
      const { checkpoint } = await h.task(_id);
      atStep.push({ step, checkpoint, told: await told(h, _id) });
    };
    await runToTheEnd(h, _id);
    expect(atStep).toEqual([
      { step: 1, checkpoint: { done: 0 }, told: [0] },
      { step: 2, checkpoint: { done: 1 }, told: [0, 1] },
      { step: 3, checkpoint: { done: 2 }, told: [0, 1, 2] },
    ]);
  });

  it("wait for the next heartbeat, or for the end, but no more than 20 of them", async () => {
    const h = createJobHarness({ HEARTBEAT_INTERVAL_MS: "60000" });
    h.script.steps = 30;
    h.script.eventsOf = counted;
    const { _id } = await h.submit();
    const stored: number[] = [];
    h.script.onStep = async () => void stored.push((await told(h, _id)).length);
    await runToTheEnd(h, _id);
    expect([...new Set(stored)]).toEqual([0, 20]);
    expect(await told(h, _id)).toEqual(Array.from({ length: 30 }, (_, step) => step));
  });

  it("go with the checkpoint into the next invocation, the next attempt, and a kill's refusal", async () => {
    for (const vars of [{ INVOCATION_MAX_STEPS: "1" }, {}]) {
      const h = createJobHarness(vars);
      h.script.eventsOf = counted;
      h.script.refusesAfter = 1;
      let fails = true;
      h.script.onStep = (step) => {
        if (step !== 2 || !fails) return;
        fails = false;
        throw new Error("not now");
      };
      const { _id } = await h.submit();
      await runToTheEnd(h, _id);
      expect(await told(h, _id)).toEqual([0, 1, 2]);
    }
  });

  it("are told once each when a runner dies at any of its operations, before or after it", async () => {
    for (const lost of ["operation", "answer"] as const) {
      for (let operations = 1; operations <= 14; operations += 1) {
        const h = createJobHarness({ HEARTBEAT_INTERVAL_MS: "0" });
        h.script.eventsOf = counted;
        const { _id } = await h.submit();
        h.crashAfter({ operations, lost });
        await h.deliverNext();
        h.revive();
        await runToTheEnd(h, _id);
        expect(await told(h, _id), `${lost} ${operations}`).toEqual([0, 1, 2]);
      }
    }
  });

  it("that the job doesn't declare, or that aren't as their schema says, fail the attempt", async () => {
    for (const [event, message] of [
      [{ type: "steps.unheard", data: {} }, "doesn't declare steps.unheard"],
      [{ type: "steps.counted", data: { step: "one" } }, "expected"],
    ] as const) {
      const h = createJobHarness();
      h.script.eventsOf = () => [event];
      const { _id } = await h.submit({ max_attempts: 1 });
      const task = await runToTheEnd(h, _id);
      expect(task).toMatchObject({
        status: "FAILED",
        error_message: expect.stringContaining(message),
      });
    }
  });
});
