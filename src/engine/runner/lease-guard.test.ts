import { describe, expect, it, vi } from "vitest";
import { createJobHarness, type JobHarness } from "../../../test/jobs/harness.ts";
import { claim } from "./claim.ts";
import { guardedStores } from "../jobs/guarded-stores.ts";
import { LEASE_MARGIN_MS, LeaseLostError, leaseGuard } from "./lease-guard.ts";
import type { Run } from "./run.ts";

const LEASE_MS = 60_000;

/** A runner that has just taken a task. */
async function running(h: JobHarness): Promise<Run> {
  const { _id, version } = await h.submit();
  const claimed = await claim(h.ctx, { task_id: _id, version });
  if (claimed.kind !== "claimed") throw new Error(claimed.reason);
  h.world.queue.length = 0;
  const { task, leaseToken } = claimed;
  const { checkpoint: state, progress } = task;
  return { ctx: h.ctx, actor: "runner", leaseToken, job: null, events: [], task, state, progress };
}

/** A store that writes down what it was called with. */
function recorded(run: Run) {
  const calls: string[][] = [];
  const documents = {
    writeMany: (...names: string[]): Promise<number> => Promise.resolve(calls.push(names)),
  };
  return { calls, stores: guardedStores({ documents }, leaseGuard(run)) };
}

describe("the guard of a lease", () => {
  it("asks nothing of anybody while more than the margin is left", async () => {
    const h = createJobHarness();
    const run = await running(h);
    // Dead, it couldn't even ask.
    h.crashAfter({ operations: 0, lost: "operation" });
    h.advance(LEASE_MS - LEASE_MARGIN_MS - 1);
    await leaseGuard(run)();
  });

  it("renews the lease first, once, when the margin or less is left, or nothing, as long as nobody took it", async () => {
    for (const leftMs of [LEASE_MARGIN_MS, 1, 0, -LEASE_MS]) {
      const h = createJobHarness();
      const run = await running(h);
      const before = run.task.version;
      h.advance(LEASE_MS - leftMs);
      const hold = leaseGuard(run);
      await hold();
      await hold();
      expect(await h.task(run.task._id)).toMatchObject({
        version: before + 1,
        lease_expires_at: new Date(h.now().getTime() + LEASE_MS),
        // No step was done: the next runner begins at the start.
        checkpoint: null,
      });
    }
  });

  it("lets no write through once the lease is in other hands, and says so in the history once", async () => {
    const h = createJobHarness();
    const run = await running(h);
    const { calls, stores } = recorded(run);
    await stores.documents.writeMany("in", "time");
    h.advance(LEASE_MS);
    await h.cron();
    const taken = await h.task(run.task._id);
    for (const late of ["late", "later"]) {
      await expect(stores.documents.writeMany(late)).rejects.toThrow(LeaseLostError);
    }
    expect(calls).toEqual([["in", "time"]]);
    const { history, ...task } = await h.task(run.task._id);
    expect({ ...task, history: taken.history }).toEqual(taken);
    expect(history.slice(taken.history.length)).toMatchObject([{ kind: "rejected", attempt: 1 }]);
  });

  it("lets no write through when each renewal takes as long as the lease it gives", async () => {
    const h = createJobHarness();
    const run = await running(h);
    const { calls, stores } = recorded(run);
    const { tasks } = h.ctx.stores;
    const renew = tasks.heartbeat.bind(tasks);
    vi.spyOn(tasks, "heartbeat").mockImplementation(async (beat) => {
      const renewed = await renew(beat);
      h.advance(LEASE_MS - LEASE_MARGIN_MS);
      return renewed;
    });
    h.advance(LEASE_MS);
    await expect(stores.documents.writeMany("late")).rejects.toThrow("can't be renewed in time");
    expect(calls).toEqual([]);
  });

  it("holds for stores that stand in a group too, as clustering's do", async () => {
    const h = createJobHarness();
    const run = await running(h);
    const writes: string[] = [];
    const models = { advance: (id: string) => Promise.resolve(writes.push(id)) };
    const { clustering } = guardedStores({ clustering: { models } }, leaseGuard(run));
    await clustering.models.advance("in time");
    h.advance(LEASE_MS);
    await h.cron();
    await expect(clustering.models.advance("late")).rejects.toThrow(LeaseLostError);
    expect(writes).toEqual(["in time"]);
  });

  it("hands a renewal's news of a kill to the runner", async () => {
    const h = createJobHarness();
    const run = await running(h);
    await h.kill(run.task._id);
    h.advance(LEASE_MS - LEASE_MARGIN_MS);
    await leaseGuard(run)();
    expect(run.task.cancel).toMatchObject({ reason: "enough" });
  });
});

describe("a runner", () => {
  it("whose step finds its lease lost stops, and costs the task nothing", async () => {
    const h = createJobHarness({ INVOCATION_BUDGET_MS: "600000" });
    const { _id } = await h.submit();
    h.script.onUndo = () => expect.unreachable();
    h.script.onStep = () => {
      throw new LeaseLostError(_id);
    };
    expect(await h.deliverNext()).toEqual({ kind: "lost" });
    expect(await h.task(_id)).toMatchObject({ status: "PROCESSING", attempt: 1, last_error: null });
  });

  it("whose undo finds its lease lost leaves the undo and the end to whoever has it", async () => {
    const h = createJobHarness({ INVOCATION_BUDGET_MS: "600000" });
    const { _id } = await h.submit();
    h.script.onStep = async () => void (await h.kill(_id));
    h.script.onUndo = () => {
      throw new LeaseLostError(_id);
    };
    h.script.steps = 1;
    expect(await h.deliverNext()).toEqual({ kind: "lost" });
    expect(await h.task(_id)).toMatchObject({ status: "PROCESSING" });
  });
});
