import { describe, expect, it } from "vitest";
import { createJobHarness } from "../../../test/jobs/harness.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";
import { MAX_OUTAGES } from "./pause-for-outage.ts";

const GRACE_MS = 120_000;

/** A harness whose job meets an outage in so many of its steps, one after the other. */
function heldUp(times: number) {
  const h = createJobHarness();
  const steps: number[] = [];
  h.script.onStep = (step) => {
    steps.push(step);
    if (steps.length > 1 && steps.length <= times + 1) {
      throw new StoreUnavailableError("mongodb", new Error("shed"));
    }
  };
  return { ...h, steps };
}

describe("an attempt that a store's outage holds up", () => {
  it("goes on after a back-off with the step that was held up, and costs no attempt", async () => {
    const h = heldUp(2);
    const { _id } = await h.submit();
    const startedAt = h.now().getTime();
    expect(await h.deliverNext()).toEqual({ kind: "continued" });
    expect(await h.task(_id)).toMatchObject({
      status: "PROCESSING",
      attempt: 1,
      outages: 1,
      checkpoint: { done: 1 },
      lease_token: null,
      lease_expires_at: new Date(startedAt + 1_000 + GRACE_MS),
      error_message: null,
      last_error: { code: "store_outage", message: "mongodb is not available", attempt: 1 },
    });
    expect(h.world.queue).toMatchObject([{ options: { delaySeconds: 1 } }]);
    await h.deliverNext();
    expect(h.world.queue).toMatchObject([{ options: { delaySeconds: 2 } }]);
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "COMPLETED" });
    expect(h.steps).toEqual([1, 2, 2, 2, 3]);
    const task = await h.task(_id);
    expect(task).toMatchObject({ attempt: 1, error_message: null });
    // Nobody sees more than that it took longer.
    expect(task.history.map(({ to }) => to)).toEqual(["PENDING", "PROCESSING", "COMPLETED"]);
    const started = task.pending_events.filter(({ type }) => type === "task.started");
    expect(started).toHaveLength(1);
  });

  it("that would be the last is not the end of the task", async () => {
    const h = heldUp(1);
    const { _id } = await h.submit();
    await h.gateway.updateOne("tasks", { _id }, { $set: { max_attempts: 1 } });
    await h.deliverNext();
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "COMPLETED" });
  });

  it("has failed after ten of them, so that a step which never succeeds ends its task (P1)", async () => {
    const h = heldUp(Number.POSITIVE_INFINITY);
    h.world.random = 0.999;
    const { _id } = await h.submit();
    const startedAt = h.now().getTime();
    let deliveries = 0;
    while ((await h.deliverNext()) !== null) deliveries += 1;
    expect(deliveries).toBe(3 * (MAX_OUTAGES + 1));
    expect(await h.task(_id)).toMatchObject({
      status: "FAILED",
      attempt: 3,
      last_error: { code: "store_outage", retryable: false, attempt: 3 },
    });
    expect(h.now().getTime() - startedAt).toBeLessThan(3_600_000);
  });

  it("begins to count anew with the next attempt", async () => {
    const h = heldUp(MAX_OUTAGES + 1);
    const { _id } = await h.submit();
    for (let outage = 1; outage <= MAX_OUTAGES; outage += 1) await h.deliverNext();
    expect(await h.task(_id)).toMatchObject({ attempt: 1, outages: MAX_OUTAGES });
    expect(await h.deliverNext()).toMatchObject({ kind: "retried" });
    expect(await h.task(_id)).toMatchObject({ status: "PENDING", attempt: 1, outages: 0 });
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "COMPLETED" });
    expect(await h.task(_id)).toMatchObject({ attempt: 2 });
  });

  it("and is killed meanwhile is undone and ended at once, not after the back-off", async () => {
    const h = heldUp(1);
    const undone: number[] = [];
    h.script.onUndo = (done) => void undone.push(done);
    const { _id } = await h.submit();
    h.world.random = 0.999;
    await h.deliverNext();
    expect(h.world.queue).toMatchObject([{ options: { delaySeconds: 2 } }]);
    await h.kill(_id);
    expect(h.world.queue).toMatchObject([{ options: { delaySeconds: 0 } }]);
    const killedAt = h.now().getTime();
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "CANCELED" });
    expect(h.now().getTime()).toBe(killedAt);
    expect(undone).toEqual([1]);
  });

  it("goes on by the reaper when its message was lost, after the delay and the grace, at no cost", async () => {
    const h = heldUp(1);
    const { _id } = await h.submit();
    await h.deliverNext();
    h.world.queue.length = 0;
    h.advance(GRACE_MS);
    expect(await h.cron()).toEqual({ reaped: 0, failed: 0 });
    h.advance(1_000);
    expect(await h.cron()).toEqual({ reaped: 1, failed: 0 });
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "COMPLETED" });
    expect(await h.task(_id)).toMatchObject({ attempt: 1 });
  });

  it("so that not even the pause can be written has died like any runner: its lease runs out", async () => {
    const h = createJobHarness();
    h.script.onStep = () => {
      h.script.onStep = () => undefined;
      h.crashAfter({ operations: 0, lost: "operation" });
      throw new StoreUnavailableError("mongodb", new Error("down"));
    };
    const { _id } = await h.submit();
    expect(await h.deliverNext()).toBe("failed");
    h.revive();
    h.advance(60_000);
    expect(await h.cron()).toEqual({ reaped: 1, failed: 0 });
    expect(await h.task(_id)).toMatchObject({ status: "PENDING", attempt: 1 });
  });
});
