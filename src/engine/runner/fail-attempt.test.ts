import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createJobHarness } from "../../../test/jobs/harness.ts";
import { backoffSeconds } from "../tasks/backoff.ts";
import { NonRetryableError } from "../jobs/define-loop.ts";
import { describeError } from "./fail-attempt.ts";

function failing() {
  const h = createJobHarness();
  h.script.onStep = () => {
    throw new Error("not now");
  };
  return h;
}

describe("a failed attempt", () => {
  it("goes back to PENDING, shows why, and is tried again after the delay", async () => {
    const h = failing();
    const { _id } = await h.submit();
    const failedAt = h.now().getTime();
    expect(await h.deliverNext()).toEqual({ kind: "retried", delaySeconds: 1 });
    const task = await h.task(_id);
    expect(task).toMatchObject({
      status: "PENDING",
      attempt: 1,
      error_message: null,
      last_error: { code: "step_failed", message: "not now", retryable: true, attempt: 1 },
      lease_token: null,
      lease_expires_at: null,
    });
    // The relay waits for the delay too.
    expect(task.relay_at?.getTime()).toBe(failedAt + 61_000);
    expect(h.world.queue).toMatchObject([
      { message: { version: task.version }, dueAtMs: failedAt + 1_000 },
    ]);
    expect((await h.batchOf(task))?.status).toBe("PENDING");
  });

  it("goes on from the last step that was done, in memory only or not", async () => {
    const h = createJobHarness();
    const steps: number[] = [];
    h.script.onStep = (step) => {
      steps.push(step);
      if (steps.length === 3) throw new Error("once");
    };
    const { _id } = await h.submit();
    await h.deliverNext();
    expect((await h.task(_id)).checkpoint).toEqual({ done: 2 });
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "COMPLETED" });
    expect(steps).toEqual([1, 2, 3, 3]);
    expect(await h.task(_id)).toMatchObject({ attempt: 2, error_message: null });
  });

  it("is the last when attempts are used up: FAILED, undone, with the last message", async () => {
    const h = failing();
    const undone: number[] = [];
    h.script.onUndo = (done) => void undone.push(done);
    const { _id } = await h.submit();
    const outcomes = [await h.deliverNext(), await h.deliverNext(), await h.deliverNext()];
    expect(outcomes.map((outcome) => typeof outcome === "object" && outcome?.kind)).toEqual([
      "retried",
      "retried",
      "ended",
    ]);
    expect(await h.deliverNext()).toBeNull();
    const task = await h.task(_id);
    expect(task).toMatchObject({
      status: "FAILED",
      attempt: 3,
      error_message: "not now",
      last_error: { retryable: false, attempt: 3 },
    });
    expect(undone).toEqual([0]);
    expect(task.history.map(({ to }) => to)).toEqual([
      "PENDING",
      "PROCESSING",
      "PENDING",
      "PROCESSING",
      "PENDING",
      "PROCESSING",
      "FAILED",
    ]);
    expect(task.pending_events.map(({ type }) => type)).toEqual([
      "task.created",
      "task.started",
      "task.started",
      "task.started",
      "collection.documents.written",
      "task.failed",
    ]);
  });

  it("is published again by the relay when its message was lost, after its delay and not before", async () => {
    const h = failing();
    await h.submit();
    await h.deliverNext();
    h.world.queue.length = 0;
    h.advance(60_000);
    await h.cron();
    expect(h.world.queue).toHaveLength(0);
    h.advance(1_000);
    await h.cron();
    expect(h.world.queue).toHaveLength(1);
    expect(await h.deliverNext()).toMatchObject({ kind: "retried" });
  });
});

describe("the delay before a retry", () => {
  it("is whole seconds, within exponentially growing bounds, whatever chance says", () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), chance, (attempt, random) => {
        const seconds = backoffSeconds(attempt, () => random);
        expect(Number.isInteger(seconds)).toBe(true);
        expect(seconds).toBeGreaterThanOrEqual(1);
        expect(seconds).toBeLessThanOrEqual(Math.min(300, 2 ** attempt));
      }),
    );
  });
});

describe("what is kept of an error", () => {
  it("is its message and code, never its stack or cause", () => {
    const secret = new Error("the cause has a password in it");
    const kept = describeError(new Error("it broke", { cause: secret }), 1, 3);
    expect(kept).toEqual({
      code: "step_failed",
      message: "it broke",
      retryable: true,
      attempt: 1,
      details: null,
    });
    expect(describeError("just text", 1, 3).message).toBe("just text");
  });

  it("says that there will be no other attempt after the last, or when none would help", () => {
    expect(describeError(new Error("it broke"), 3, 3).retryable).toBe(false);
    expect(describeError(new NonRetryableError("bad", "It is bad."), 1, 3)).toMatchObject({
      code: "bad",
      retryable: false,
    });
  });
});
