import { describe, expect, it } from "vitest";
import { createJobHarness, type JobHarness } from "../../../test/jobs/harness.ts";
import { NonRetryableError } from "../jobs/define-loop.ts";

/** Each step takes longer than a heartbeat's interval, so that one goes before every step but the first. */
const STEP_MS = 1_500;

function createStepping(): JobHarness & { undone: number[] } {
  const h = createJobHarness();
  const undone: number[] = [];
  h.script.onStep = () => h.advance(STEP_MS);
  h.script.onUndo = (done) => void undone.push(done);
  return Object.assign(h, { undone });
}

describe("a kill", () => {
  it("of a PENDING task ends it at once and takes its message back; one that arrives all the same finds it ended", async () => {
    const h = createStepping();
    const { _id } = await h.submit();
    const [message] = h.world.queue;
    expect(await h.kill(_id)).toMatchObject({
      status: "CANCELED",
      cancel: { requested_by: "admin", reason: "enough", acknowledged_at: h.now() },
    });
    expect(h.world.queue).toEqual([]);
    if (message !== undefined) h.world.queue.push(message);
    expect(await h.deliverNext()).toEqual({ kind: "stale", reason: "ended" });
    const types = (await h.task(_id)).pending_events.map(({ type }) => type);
    expect(types).toEqual(["task.created", "task.canceled"]);
  });

  it("of a running task is noted, seen by the next heartbeat, undone, and confirmed by CANCELED", async () => {
    const h = createStepping();
    h.script.steps = 10;
    const { _id } = await h.submit();
    h.script.onStep = async (step) => {
      h.advance(STEP_MS);
      if (step !== 3) return;
      const noted = await h.kill(_id);
      expect(noted).toMatchObject({ status: "PROCESSING", cancel: { acknowledged_at: null } });
    };
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "CANCELED" });
    expect(h.undone).toEqual([3]);
    const task = await h.task(_id);
    expect(task).toMatchObject({
      status: "CANCELED",
      outputs: [{ done: 3 }],
      error_message: null,
      cancel: { acknowledged_at: h.now(), reason: "enough" },
    });
    expect(task.history.map(({ kind, to }) => [kind, to])).toEqual([
      ["status", "PENDING"],
      ["status", "PROCESSING"],
      ["cancel", "PROCESSING"],
      ["status", "CANCELED"],
    ]);
    expect((await h.batchOf(task))?.status).toBe("CANCELED");
  });

  it.each([
    ["done", () => undefined],
    [
      "failed for good",
      () => {
        throw new NonRetryableError("bad", "It is bad.");
      },
    ],
    [
      "failed and to be tried again",
      () => {
        throw new Error("not now");
      },
    ],
  ])(
    "that was accepted before the write of a last step that %s makes it CANCELED",
    async (_, end) => {
      const h = createStepping();
      h.script.steps = 1;
      const { _id } = await h.submit();
      h.script.onStep = async () => {
        await h.kill(_id);
        end();
      };
      expect(await h.deliverNext()).toEqual({ kind: "ended", status: "CANCELED" });
      expect(h.undone).not.toEqual([]);
      const task = await h.task(_id);
      expect(task.error_message).toBeNull();
      expect(task.pending_events.map(({ type }) => type)).toEqual([
        "task.created",
        "task.started",
        "collection.documents.written",
        "task.canceled",
      ]);
      expect(h.world.queue).toEqual([]);
    },
  );

  it("that comes while a continuation is being written ends the task there", async () => {
    const h = createJobHarness({ INVOCATION_MAX_STEPS: "1" });
    const { _id } = await h.submit();
    h.script.onStep = async () => void (await h.kill(_id));
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "CANCELED" });
    expect(h.world.queue).toEqual([]);
  });

  it("of a task that waits for its next attempt has a runner undo and show what the last one left", async () => {
    const h = createStepping();
    h.script.onStep = (step) => {
      if (step === 3) throw new Error("not now");
    };
    h.world.random = 0.999;
    const { _id } = await h.submit();
    await h.deliverNext();
    const [retry] = h.world.queue.splice(0);
    const killedAt = h.now();
    expect(await h.kill(_id)).toMatchObject({
      status: "PENDING",
      cancel: { acknowledged_at: null },
    });
    // At once, not after the back-off; and the message of the attempt that was to come is stale.
    expect(h.world.queue).toMatchObject([{ dueAtMs: killedAt.getTime() }]);
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "CANCELED" });
    if (retry !== undefined) h.world.queue.push(retry);
    expect(await h.deliverNext()).toEqual({ kind: "stale", reason: "ended" });
    expect(h.undone).toEqual([2]);
    expect(await h.task(_id)).toMatchObject({
      outputs: [{ done: 2 }],
      cancel: { acknowledged_at: killedAt },
    });
  });

  it("between two invocations is carried out by the next one, without another step", async () => {
    const h = createJobHarness({ INVOCATION_MAX_STEPS: "1" });
    const steps: number[] = [];
    h.script.onStep = (step) => void steps.push(step);
    const { _id } = await h.submit();
    await h.deliverNext();
    await h.kill(_id);
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "CANCELED" });
    expect(steps).toEqual([1]);
    expect((await h.task(_id)).outputs).toEqual([{ done: 1 }]);
  });

  it("asked again answers the same, before and after; of a task that ended otherwise it is too late", async () => {
    const h = createStepping();
    const { _id } = await h.submit();
    const [first, second] = [await h.kill(_id), await h.kill(_id)];
    expect(second).toEqual(first);
    const other = await h.submit();
    await h.deliverNext();
    await h.deliverNext();
    await expect(h.kill(other._id)).rejects.toMatchObject({ code: "task_already_terminal" });
    await expect(h.kill("tsk_none")).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("an end", () => {
  it("whose undo or conclusion fails still ends the task, and the log says so", async () => {
    const h = createStepping();
    h.script.onStep = () => {
      throw new NonRetryableError("bad", "It is bad.");
    };
    h.script.onUndo = () => {
      throw new Error("can't undo");
    };
    const { _id } = await h.submit();
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "FAILED" });
    expect(await h.task(_id)).toMatchObject({ error_message: "It is bad." });
    expect(h.world.logs.filter((line) => line.startsWith("error"))).toHaveLength(1);
  });

  it("is reached by a task whose checkpoint the deployment can't read any more", async () => {
    const h = createJobHarness({ INVOCATION_MAX_STEPS: "1" });
    const { _id } = await h.submit();
    await h.deliverNext();
    await h.gateway.updateOne("tasks", { _id }, { $set: { checkpoint: { done: "one" } } });
    for (let deliveries = 0; deliveries < 10 && h.world.queue.length > 0; deliveries += 1) {
      await h.deliverNext();
    }
    expect(await h.task(_id)).toMatchObject({ status: "FAILED", attempt: 3, outputs: null });
  });

  it("tells a message that comes too late for it that it has ended, and changes nothing", async () => {
    const h = createStepping();
    const task = await h.submit();
    const [message] = h.world.queue;
    await h.deliverNext();
    const ended = await h.task(task._id);
    if (message !== undefined) h.world.queue.push(message);
    expect(await h.deliverNext()).toEqual({ kind: "stale", reason: "ended" });
    expect(await h.task(task._id)).toEqual(ended);
  });
});
