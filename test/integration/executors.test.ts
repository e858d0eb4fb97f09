import { describe, expect, it } from "vitest";
import { Task, TaskHistory } from "../../src/contract/task.ts";
import { useExecutorWorld } from "../support/executor-world.ts";
import { expectInvalid, expectProblem } from "../support/problems.ts";
import { getTask, untilTask } from "../support/fixtures.ts";

const at = useExecutorWorld();
const { register, create, jobOf, report, reported } = at;

describe("a task of a registered type", () => {
  it("is posted to its executor, signed, and is what the executor reports", async () => {
    await register();
    const task = await create({ input: { model: "m" }, tags: ["gpu"] });
    expect(task).toMatchObject({ status: "PENDING", inputs: [{ model: "m" }], tags: ["gpu"] });
    const job = await jobOf(task);
    expect(job).toMatchObject({ input: { model: "m" }, attempt: 1, heartbeat_timeout: 60 });
    expect(job.webhookId).toBe(`${task.task_id}-1`);
    await untilTask(at.api, task.task_id, ({ status }) => status === "IN_PROGRESS");

    const progress = { completed: 3, total: 10, unit: "epochs" };
    const running = await reported(job, { progress, additional_data: { job_id: "ray-7" } });
    expect(running).toMatchObject({
      status: "IN_PROGRESS",
      progress: { ...progress, message: null },
      additional_data: { job_id: "ray-7" },
    });
    const ended = await reported(job, { status: "COMPLETED", outputs: ["s3://model"] });
    expect(ended).toMatchObject({ status: "COMPLETED", outputs: ["s3://model"] });
    expect(await getTask(at.api, task.task_id)).toMatchObject({ status: "COMPLETED" });

    const history = (await at.api.get(`/v1/tasks/${task.task_id}/history`).expect(200)).body;
    expect(history).toMatchObject({
      entries: [
        { to: "PENDING", actor: "admin" },
        { to: "IN_PROGRESS", actor: "runner" },
        { to: "COMPLETED", actor: "executor" },
      ],
      attempts: [{ attempt: 1, outcome: "COMPLETED" }],
    });
  });

  it("takes no report with names that a database may read as its own, and says where", async () => {
    await register();
    const job = await jobOf(await create());
    const answer = await report(job, { status: "COMPLETED", outputs: [{ "a.b": 1 }] });
    expectInvalid(answer, "outputs.0.a.b");
    const ended = await reported(job, { status: "COMPLETED", outputs: [{ a: { b: 1 } }] });
    expect(ended.outputs).toEqual([{ a: { b: 1 } }]);
  });

  it("takes no report that can't be kept as it is, and says where", async () => {
    await register();
    const job = await jobOf(await create());
    const send = (body: string) =>
      at.api.raw("PATCH", new URL(job.report_url).pathname, body, {
        Authorization: `Bearer ${job.token}`,
        "Content-Type": "application/json",
      });
    expectInvalid(await send('{"outputs":[{"n":1e400}]}'), "outputs.0.n");
    expectInvalid(await send(String.raw`{"additional_data":{"s":"\ud800"}}`), "additional_data.s");
    expectInvalid(await send('{"additional_data":{"__proto__":1}}'), "additional_data.__proto__");
    expectInvalid(await send('{"status":"SKIPPED","status":"COMPLETED"}'), "status");
    expectProblem(await send("{"), 400, "malformed_json");
    expect((await reported(job, {})).status).toBe("IN_PROGRESS");
  });

  it.each(["CANCELED", "SKIPPED"])(
    "may be ended %s by its executor, with the reason",
    async (status) => {
      await register();
      const task = await create();
      const ended = await reported(await jobOf(task), { status, reason: "nothing to do" });
      expect(ended.status).toBe(status);
    },
  );

  it("is tried again after a failure that may pass, and FAILED after the last attempt", async () => {
    await register({ max_attempts: 2, backoff: { base: 1, cap: 1 } });
    const task = await create();
    const failure = { status: "FAILED", error: { code: "oom", message: "out of memory" } };
    const waiting = await reported(await jobOf(task), failure);
    expect(waiting).toMatchObject({
      status: "PENDING",
      error_message: null,
      last_error: { code: "oom", retryable: true, attempt: 1 },
    });
    await at.clock.advanceBy(2000);
    const failed = await reported(await jobOf(task, 2), failure);
    expect(failed).toMatchObject({
      status: "FAILED",
      error_message: "out of memory",
      last_error: { code: "oom", retryable: false, attempt: 2 },
    });
  });

  it("is retried as a new task on the terms that it was made with", async () => {
    await register({ heartbeat_timeout: 30 });
    const task = await create({ input: { model: "m" } });
    const error = { code: "oom", message: "out of memory", retryable: false };
    await reported(await jobOf(task), { status: "FAILED", error });
    const terms = { executor_url: at.executor.url, heartbeat_timeout: 90 };
    await at.api.put(`/v1/task-types/${task.task_type}`, terms).expect(200);
    const retry = Task.parse(
      (await at.api.post(`/v1/tasks/${task.task_id}/retry`).expect(202)).body,
    );
    expect(retry).toMatchObject({ retry_of: task.task_id, task_type: task.task_type });
    const job = await jobOf(retry);
    expect(job).toMatchObject({ input: { model: "m" }, attempt: 1, heartbeat_timeout: 30 });
    expect((await reported(job, { status: "COMPLETED" })).status).toBe("COMPLETED");
  });

  it("is FAILED at once by an error that another attempt would only repeat", async () => {
    await register();
    const task = await create();
    const error = { code: "bad_model", message: "no such model", retryable: false };
    expect(await reported(await jobOf(task), { status: "FAILED", error })).toMatchObject({
      status: "FAILED",
      attempt: 1,
    });
  });

  it("is tried again when the executor doesn't take it, and not when it refuses it", async () => {
    await register({ backoff: { base: 1, cap: 1 } });
    at.executor.answers.push(503);
    const task = await create();
    await jobOf(task);
    await untilTask(at.api, task.task_id, ({ status }) => status === "PENDING");
    expect(await getTask(at.api, task.task_id)).toMatchObject({
      last_error: { code: "executor_refused", message: expect.stringContaining("503") },
    });
    at.executor.answers.push(422);
    await at.clock.advanceBy(2000);
    const failed = await untilTask(at.api, task.task_id, ({ status }) => status === "FAILED");
    expect(failed).toMatchObject({ attempt: 2, last_error: { code: "executor_refused" } });
  });
});

describe("an executor's report", () => {
  it("with the token of an attempt that is over is refused, recorded, and changes nothing (P2)", async () => {
    await register({ backoff: { base: 1, cap: 1 } });
    const task = await create();
    const first = await jobOf(task);
    await reported(first, { status: "FAILED", error: { code: "x", message: "x" } });
    await at.clock.advanceBy(2000);
    const second = await jobOf(task, 2);

    const late = await report(first, { status: "COMPLETED", outputs: ["wrong"] });
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({ code: "report_superseded" });
    for (let again = 0; again < 20; again += 1) {
      await report(first, { status: "COMPLETED", outputs: ["wrong"] });
    }
    const ended = await reported(second, { status: "COMPLETED", outputs: ["right"] });
    expect(ended.outputs).toEqual(["right"]);
    const { body } = await at.api.get(`/v1/tasks/${task.task_id}/history`).expect(200);
    const { entries, rejections } = TaskHistory.parse(body);
    const reason = "a report with the token of attempt 1 was refused: COMPLETED";
    expect(entries.filter(({ kind }) => kind === "rejected")).toMatchObject([{ reason }]);
    expect(rejections).toMatchObject({ count: 21, last: { reason } });
  });

  it("that is the last one may be sent again", async () => {
    await register();
    const task = await create();
    const job = await jobOf(task);
    const first = await reported(job, { status: "COMPLETED" });
    const again = await reported(job, { status: "COMPLETED" });
    expect(again.version).toBe(first.version);
    expect((await report(job, {})).status).toBe(409);
  });

  it.each([
    ["no token", {}],
    ["a key instead of the token", { Authorization: "Bearer some-key-or-other" }],
    ["a forged token", { Authorization: `Bearer 1.${"0".repeat(64)}` }],
  ])("with %s is 401", async (_, headers) => {
    await register();
    const task = await create();
    const answer = await at.api.raw("PATCH", `/v1/tasks/${task.task_id}`, "{}", {
      Authorization: "",
      "Content-Type": "application/json",
      ...headers,
    });
    expect(answer.status).toBe(401);
  });

  it.each([
    [{ status: "PENDING" }, "status"],
    [{ status: "FAILED" }, "error"],
    [{ error: { code: "x", message: "y" } }, "error"],
    [{ progress: { completed: -1 } }, "progress.completed"],
    [{ output: [] }, "output"],
  ])("is checked: %j names %s", async (body, path) => {
    await register();
    const job = await jobOf(await create());
    const answer = await report(job, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ path }] });
  });
});
