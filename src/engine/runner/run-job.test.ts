import { describe, expect, it, vi } from "vitest";
import { createJobHarness } from "../../../test/jobs/harness.ts";
import { NonRetryableError } from "../jobs/define-loop.ts";
import { runJob } from "./run-job.ts";

const SECOND_MS = 1_000;

describe("one invocation of a job", () => {
  it("runs the steps to the end: outputs, progress, events in order, and the batch shows the status", async () => {
    const h = createJobHarness();
    const { _id } = await h.submit();
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "COMPLETED" });
    const task = await h.task(_id);
    expect(task).toMatchObject({
      status: "COMPLETED",
      attempt: 1,
      outputs: [{ done: 3 }],
      progress: { completed: 3, total: 3 },
      checkpoint: { done: 3 },
      lease_token: null,
      lease_expires_at: null,
      error_message: null,
    });
    expect(task.pending_events.map(({ type, sequence }) => [sequence, type])).toEqual([
      [1, "task.created"],
      [2, "task.started"],
      [3, "collection.documents.written"],
      [4, "task.completed"],
    ]);
    expect(await h.batchOf(task)).toMatchObject({
      status: "COMPLETED",
      task_version: task.version,
    });
    expect(h.puts.at(-1)?.task).toMatchObject({ version: task.version, status: "COMPLETED" });
  });

  it("goes on in another invocation when its time is spent, without another attempt", async () => {
    const h = createJobHarness({ INVOCATION_BUDGET_MS: "20000" });
    h.script.steps = 10;
    h.script.onStep = () => h.advance(6 * SECOND_MS);
    const { _id } = await h.submit();
    expect(await h.deliverNext()).toEqual({ kind: "continued" });
    const between = await h.task(_id);
    // Four steps of six seconds are the first to spend twenty.
    expect(between).toMatchObject({
      status: "PROCESSING",
      attempt: 1,
      checkpoint: { done: 4 },
      progress: { completed: 4 },
      lease_token: null,
    });
    expect(h.world.queue).toHaveLength(1);
    expect(await h.deliverNext()).toEqual({ kind: "continued" });
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "COMPLETED" });
    const { attempt, outputs, started_at, history } = await h.task(_id);
    expect({ attempt, outputs, started_at }).toEqual({
      attempt: 1,
      outputs: [{ done: 10 }],
      started_at: between.started_at,
    });
    expect(history.map(({ to }) => to)).toEqual(["PENDING", "PROCESSING", "COMPLETED"]);
  });

  it("does a step again after which no kill is to be accepted, when that could not be written", async () => {
    const h = createJobHarness();
    h.script.refusesAfter = 1;
    const steps: number[] = [];
    h.script.onStep = (step) => void steps.push(step);
    const { tasks } = h.ctx.stores;
    const change = tasks.change.bind(tasks);
    let losses = 1;
    vi.spyOn(tasks, "change").mockImplementation((wanted) => {
      const isRefusal = wanted.patch.kill_refusal !== undefined;
      if (isRefusal && losses-- > 0) return Promise.reject(new Error("the store is gone"));
      return change(wanted);
    });
    const { _id } = await h.submit();
    expect(await h.deliverNext()).toMatchObject({ kind: "retried" });
    expect(await h.task(_id)).toMatchObject({ kill_refusal: null, checkpoint: { done: 0 } });
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "COMPLETED" });
    expect(await h.task(_id)).toMatchObject({ kill_refusal: "too late" });
    expect(steps).toEqual([1, 1, 2, 3]);
  });

  it("goes on in another invocation after its steps, however little time they took", async () => {
    const h = createJobHarness({ INVOCATION_MAX_STEPS: "2" });
    h.script.steps = 5;
    await h.submit();
    const kinds = [await h.deliverNext(), await h.deliverNext(), await h.deliverNext()];
    expect(kinds.map((outcome) => typeof outcome === "object" && outcome?.kind)).toEqual([
      "continued",
      "continued",
      "ended",
    ]);
  });

  it("does at least one step, however small the budget", async () => {
    const h = createJobHarness({ INVOCATION_BUDGET_MS: "1" });
    h.script.onStep = () => h.advance(SECOND_MS);
    const { _id } = await h.submit();
    await h.deliverNext();
    expect((await h.task(_id)).checkpoint).toEqual({ done: 1 });
  });

  it("ends SKIPPED with the reason when there is nothing to do, and undoes nothing", async () => {
    const h = createJobHarness();
    h.script.onStart = () => ({ kind: "skip", reason: "Nothing there." });
    h.script.onUndo = () => expect.unreachable();
    const { _id } = await h.submit();
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "SKIPPED" });
    const task = await h.task(_id);
    expect(task).toMatchObject({
      outputs: null,
      error_message: null,
      additional_data: { skip_reason: "Nothing there." },
    });
    expect(task.pending_events.at(-1)?.type).toBe("task.skipped");
  });

  it("ends FAILED at the first attempt when the job says that it can't succeed", async () => {
    const h = createJobHarness();
    h.script.onStart = () => ({
      kind: "fail",
      state: { done: 0 },
      code: "no_way",
      message: "It can't be done.",
      details: { why: 1 },
    });
    const { _id } = await h.submit();
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "FAILED" });
    expect(await h.task(_id)).toMatchObject({
      error_message: "It can't be done.",
      last_error: { code: "no_way", retryable: false, attempt: 1, details: { why: 1 } },
    });
  });

  it("ends FAILED without another attempt when a step throws what another would only repeat", async () => {
    const h = createJobHarness();
    h.script.onStep = () => {
      throw new NonRetryableError("bad_input", "The input is bad.");
    };
    const { _id } = await h.submit();
    expect(await h.deliverNext()).toEqual({ kind: "ended", status: "FAILED" });
    expect(await h.task(_id)).toMatchObject({
      attempt: 1,
      error_message: "The input is bad.",
      last_error: { code: "bad_input", retryable: false },
    });
    expect(h.world.queue).toEqual([]);
  });

  it("ends FAILED when the deployment has no such job, or the resource is gone", async () => {
    const h = createJobHarness();
    const { _id } = await h.submit();
    const other = await h.submit();
    await h.gateway.updateOne("tasks", { _id }, { $set: { task_type: "forgotten" } });
    await h.gateway.deleteMany("batches", { _id: other.resource_id });
    await h.deliverNext();
    await h.deliverNext();
    expect((await h.task(_id)).last_error).toMatchObject({ code: "unknown_task_type" });
    expect(await h.task(other._id)).toMatchObject({
      status: "FAILED",
      last_error: { code: "resource_gone" },
    });
  });

  it("of any number of copies of a message exactly one runs, together or later", async () => {
    const h = createJobHarness();
    let runs = 0;
    h.script.steps = 1;
    h.script.onStep = () => void (runs += 1);
    const task = await h.submit();
    const message = { task_id: task._id, version: task.version };
    const outcomes = await Promise.all([1, 2, 3].map(() => runJob({ ctx: h.ctx, input: message })));
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(["ended", "stale", "stale"]);
    expect(await runJob({ ctx: h.ctx, input: message })).toEqual({
      kind: "stale",
      reason: "ended",
    });
    expect(runs).toBe(1);
    expect((await h.task(task._id)).attempt).toBe(1);
  });

  it("a dead queue doesn't keep an invocation from ending: what it published is left to cron", async () => {
    const h = createJobHarness({ INVOCATION_MAX_STEPS: "1" });
    const { _id } = await h.submit();
    vi.spyOn(h.ctx.stores.queue, "publishJob").mockRejectedValue(new Error("the queue is down"));
    expect(await h.deliverNext()).toEqual({ kind: "continued" });
    vi.restoreAllMocks();
    expect(h.world.queue).toEqual([]);
    h.advance(130 * SECOND_MS);
    await h.cron();
    expect(await h.deliverNext()).toEqual({ kind: "continued" });
    expect(await h.task(_id)).toMatchObject({ attempt: 1, checkpoint: { done: 2 } });
  });
});
