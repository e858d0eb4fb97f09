import { describe, expect, it, vi } from "vitest";
import { createJobHarness, type JobHarness } from "../../../test/jobs/harness.ts";
import { claim } from "../runner/claim.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { reapLeases } from "./reap-leases.ts";

const LEASE_MS = 60_000;
const GRACE_MS = 120_000;

/** A task whose runner has just died: claimed, with a checkpoint of one step, and never heard of again. */
async function abandoned(h: JobHarness, attempt = 1): Promise<TaskRecord> {
  const task = await h.submit();
  await claim(h.ctx, { task_id: task._id, version: task.version });
  h.world.queue.length = 0;
  await h.gateway.updateOne(
    "tasks",
    { _id: task._id },
    { $set: { attempt, checkpoint: { done: 1 } } },
  );
  return h.task(task._id);
}

describe("the reaper", () => {
  it("leaves a lease alone until it has run out", async () => {
    const h = createJobHarness();
    const task = await abandoned(h);
    h.advance(LEASE_MS - 1);
    expect(await h.cron()).toEqual({ reaped: 0, failed: 0 });
    expect(await h.task(task._id)).toEqual(task);
    h.advance(1);
    expect(await h.cron()).toEqual({ reaped: 1, failed: 0 });
  });

  it("gives a task whose runner died its next attempt, which goes on from the checkpoint", async () => {
    const h = createJobHarness();
    const steps: number[] = [];
    h.script.onStep = (step) => void steps.push(step);
    const { _id } = await abandoned(h);
    h.advance(LEASE_MS);
    await h.cron();
    const task = await h.task(_id);
    expect(task).toMatchObject({
      status: "PENDING",
      attempt: 1,
      error_message: null,
      last_error: { code: "lease_expired", retryable: true, attempt: 1 },
      lease_token: null,
      lease_expires_at: null,
    });
    expect(task.history.at(-1)).toMatchObject({
      actor: "reaper",
      from: "PROCESSING",
      to: "PENDING",
    });
    expect(h.world.queue).toMatchObject([
      { message: { version: task.version }, options: { delaySeconds: 1 } },
    ]);
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "COMPLETED" });
    expect(steps).toEqual([2, 3]);
    expect((await h.task(_id)).attempt).toBe(2);
  });

  it.each([1, 3])(
    "takes one lease once, however many crons run at once (attempt %i)",
    async (attempt) => {
      const h = createJobHarness();
      let undone = 0;
      h.script.onUndo = () => void (undone += 1);
      const { _id, sequence } = await abandoned(h, attempt);
      h.advance(LEASE_MS);
      const runs = await Promise.all([1, 2, 3].map(() => reapLeases(h.ctx, h.now(), () => false)));
      expect(runs.filter(({ reaped }) => reaped === 1)).toHaveLength(1);
      const task = await h.task(_id);
      expect(task.history.filter(({ actor }) => actor === "reaper")).toHaveLength(1);
      const isLast = attempt === 3;
      expect(task.status).toBe(isLast ? "FAILED" : "PENDING");
      expect(undone).toBe(isLast ? 1 : 0);
      expect(h.world.queue).toHaveLength(isLast ? 0 : 1);
      expect(task.sequence).toBe(sequence + (isLast ? 2 : 0));
      expect(await h.cron()).toEqual({ reaped: 0, failed: 0 });
    },
  );

  it("ends a task whose last runner died: undone, with what was done up to the checkpoint", async () => {
    const h = createJobHarness();
    const undone: number[] = [];
    h.script.onUndo = (done) => void undone.push(done);
    const { _id } = await abandoned(h, 3);
    h.advance(LEASE_MS);
    await h.cron();
    const task = await h.task(_id);
    expect(task).toMatchObject({
      status: "FAILED",
      outputs: [{ done: 1 }],
      error_message: "The runner fell silent: its lease ran out.",
      last_error: { code: "lease_expired", retryable: false, attempt: 3 },
    });
    expect(task.pending_events.map(({ type }) => type).slice(-2)).toEqual([
      "collection.documents.written",
      "task.failed",
    ]);
    expect((await h.batchOf(task))?.status).toBe("FAILED");
    expect(undone).toEqual([1]);
  });

  it("undoes nothing of a runner that turns out to be alive", async () => {
    const h = createJobHarness();
    h.script.onUndo = () => expect.unreachable();
    const task = await abandoned(h, 3);
    h.advance(LEASE_MS);
    vi.spyOn(h.ctx.stores.tasks, "dueForReaping").mockImplementationOnce(async (now, limit) => {
      const due = await h.ctx.stores.tasks.dueForReaping(now, limit);
      // Its heartbeat arrives just after the reaper has looked.
      await h.ctx.stores.tasks.heartbeat({
        taskId: task._id,
        leaseToken: task.lease_token ?? "",
        leaseExpiresAt: new Date(now.getTime() + LEASE_MS),
        progress: null,
        checkpoint: { done: 2 },
        at: now,
      });
      return due;
    });
    expect(await reapLeases(h.ctx, h.now(), () => false)).toEqual({ reaped: 0, failed: 0 });
    expect(await h.task(task._id)).toMatchObject({ status: "PROCESSING", checkpoint: { done: 2 } });
  });

  it("hands a killed task to a runner at once, which undoes and ends it, whatever its attempts", async () => {
    const h = createJobHarness();
    const undone: number[] = [];
    h.script.onUndo = (done) => void undone.push(done);
    const { _id } = await abandoned(h, 3);
    await h.kill(_id);
    h.advance(LEASE_MS);
    await h.cron();
    expect(h.world.queue).toMatchObject([{ options: { delaySeconds: 0 } }]);
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "CANCELED" });
    expect(undone).toEqual([1]);
    expect(await h.task(_id)).toMatchObject({ attempt: 3, outputs: [{ done: 1 }] });
  });

  it("publishes a lost continuation again, once in the message's own time, and counts no attempt", async () => {
    const h = createJobHarness({ INVOCATION_MAX_STEPS: "1" });
    const { _id } = await h.submit();
    await h.deliverNext();
    h.world.queue.length = 0;
    h.advance(GRACE_MS);
    expect(await h.cron()).toEqual({ reaped: 1, failed: 0 });
    expect(await h.cron()).toEqual({ reaped: 0, failed: 0 });
    expect(h.world.queue).toHaveLength(1);
    await h.deliverNext();
    expect(await h.task(_id)).toMatchObject({ attempt: 1, checkpoint: { done: 2 } });
  });

  it("is kept from nobody's task by one that it can't look after", async () => {
    const h = createJobHarness();
    const bad = await abandoned(h, 3);
    h.advance(1_000);
    const good = await abandoned(h, 3);
    await h.gateway.updateOne("tasks", { _id: bad._id }, { $set: { checkpoint: { done: "one" } } });
    h.advance(LEASE_MS);
    // The first that is due is the bad one.
    const findOneAndUpdate = h.gateway.findOneAndUpdate.bind(h.gateway);
    let isFirst = true;
    vi.spyOn(h.gateway, "findOneAndUpdate").mockImplementation(async (collection, ...rest) => {
      if (collection !== "batches" || !isFirst) return findOneAndUpdate(collection, ...rest);
      isFirst = false;
      throw new TypeError("a bug");
    });
    expect(await h.cron()).toEqual({ reaped: 1, failed: 1 });
    expect((await h.task(good._id)).status).toBe("FAILED");
    h.advance(GRACE_MS);
    await h.cron();
    expect(await h.task(bad._id)).toMatchObject({ status: "FAILED", outputs: null });
  });

  it("stops at once when the database is down, and says so", async () => {
    const h = createJobHarness();
    await abandoned(h);
    h.advance(LEASE_MS);
    h.crashAfter({ operations: 0, lost: "operation" });
    await expect(reapLeases(h.ctx, h.now(), () => false)).rejects.toThrow(
      "mongodb is not available",
    );
    h.revive();
    expect(await h.cron()).toEqual({ reaped: 1, failed: 0 });
  });
});
