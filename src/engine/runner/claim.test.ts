import { describe, expect, it, vi } from "vitest";
import { createJobHarness } from "../../../test/jobs/harness.ts";
import { claim } from "./claim.ts";

describe("a claim", () => {
  it("takes a PENDING task for one lease: a token, a deadline, the next attempt, nothing for the relay", async () => {
    const h = createJobHarness({ LEASE_SECONDS: "60" });
    const task = await h.submit();
    h.advance(5_000);
    const claimed = await claim(h.ctx, { task_id: task._id, version: task.version });
    if (claimed.kind !== "claimed") throw new Error(claimed.reason);
    expect(claimed.task).toMatchObject({
      status: "PROCESSING",
      attempt: 1,
      lease_token: claimed.leaseToken,
      lease_expires_at: new Date(h.now().getTime() + 60_000),
      started_at: h.now(),
      relay_at: null,
      version: task.version + 1,
    });
    expect(h.puts.at(-1)?.task.status).toBe("PROCESSING");
  });

  it("refuses a task that isn't there, has ended, is leased, or has moved on from the message's version", async () => {
    const h = createJobHarness();
    const { ctx } = h;
    const task = await h.submit();
    const message = { task_id: task._id, version: task.version };
    const because = async (input: typeof message) => {
      const outcome = await claim(ctx, input);
      return outcome.kind === "stale" ? outcome.reason : outcome.kind;
    };
    expect(await because({ ...message, task_id: "tsk_none" })).toBe("not_found");
    // Both an older and a newer version: neither is the message of this very wait.
    expect(await because({ ...message, version: task.version - 1 })).toBe("superseded");
    expect(await because({ ...message, version: task.version + 1 })).toBe("superseded");
    expect(await because(message)).toBe("claimed");
    expect(await because(message)).toBe("leased");
    const other = await h.submit();
    await h.kill(other._id);
    expect(await because({ task_id: other._id, version: other.version })).toBe("ended");
  });

  it("of the task's paused or external statuses none is a runner's", async () => {
    const h = createJobHarness();
    const task = await h.submit();
    for (const status of ["SUSPENDED", "IN_PROGRESS", "UNKNOWN"]) {
      await h.gateway.updateOne("tasks", { _id: task._id }, { $set: { status } });
      const outcome = await claim(h.ctx, { task_id: task._id, version: task.version });
      expect(outcome).toEqual({ kind: "stale", reason: "superseded" });
    }
  });

  it("between two invocations is open to any message, and counts no new attempt", async () => {
    const h = createJobHarness({ INVOCATION_MAX_STEPS: "1" });
    const task = await h.submit();
    await h.deliverNext();
    const claimed = await claim(h.ctx, { task_id: task._id, version: task.version });
    expect(claimed).toMatchObject({ kind: "claimed", task: { attempt: 1 } });
  });

  it("an early duplicate doesn't cut a retry's delay short", async () => {
    const h = createJobHarness();
    h.script.onStep = () => {
      throw new Error("not now");
    };
    const task = await h.submit();
    await h.deliverNext();
    expect((await h.task(task._id)).status).toBe("PENDING");
    expect(await claim(h.ctx, { task_id: task._id, version: task.version })).toEqual({
      kind: "stale",
      reason: "superseded",
    });
  });

  it("whose answer was lost is known as its own, and not taken for another's", async () => {
    const h = createJobHarness();
    const task = await h.submit();
    // The store sends it again: the first time it was applied.
    vi.spyOn(h.gateway, "findOneAndUpdate").mockImplementationOnce(
      async (collection, filter, update) => {
        await h.gateway.findOneAndUpdate(collection, filter, update);
        return h.gateway.findOneAndUpdate(collection, filter, update);
      },
    );
    const claimed = await claim(h.ctx, { task_id: task._id, version: task.version });
    expect(claimed).toMatchObject({ kind: "claimed", task: { attempt: 1, version: 2 } });
  });
});
