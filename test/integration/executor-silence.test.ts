import { describe, expect, it } from "vitest";
import { useExecutorWorld } from "../support/executor-world.ts";
import { getTask, untilTask } from "../support/fixtures.ts";

const MINUTE_MS = 60_000;

const at = useExecutorWorld();
const { register, create, jobOf, report, reported } = at;

describe("a silent executor", () => {
  it("makes its task UNKNOWN after the heartbeat time-out, IN_PROGRESS when it is heard of again", async () => {
    await register({ heartbeat_timeout: 90 });
    const task = await create();
    const job = await jobOf(task);
    await reported(job, {});
    await at.world.runMinuteCron(89_000);
    expect(await getTask(at.api, task.task_id)).toMatchObject({ status: "IN_PROGRESS" });
    await at.world.runMinuteCron(91_000);
    expect(await getTask(at.api, task.task_id)).toMatchObject({ status: "UNKNOWN" });
    expect(await reported(job, {})).toMatchObject({ status: "IN_PROGRESS", attempt: 1 });
    expect(await reported(job, { status: "COMPLETED" })).toMatchObject({ status: "COMPLETED" });
  });

  it("fails its task after as long again", async () => {
    await register({ heartbeat_timeout: 60 });
    const task = await create();
    const job = await jobOf(task);
    await reported(job, {});
    await at.world.runMinuteCron(MINUTE_MS + 1000);
    await at.world.runMinuteCron(2 * MINUTE_MS + 2000);
    expect(await getTask(at.api, task.task_id)).toMatchObject({
      status: "FAILED",
      last_error: { code: "executor_silent" },
    });
    expect((await report(job, { status: "COMPLETED" })).status).toBe(409);
  });

  it("of an UNKNOWN task may still report a failure, and the next attempt follows", async () => {
    await register({ heartbeat_timeout: 60, backoff: { base: 1, cap: 1 } });
    const task = await create();
    const job = await jobOf(task);
    await reported(job, {});
    await at.world.runMinuteCron(MINUTE_MS + 1000);
    const waiting = await reported(job, { status: "FAILED", error: { code: "x", message: "x" } });
    expect(waiting).toMatchObject({ status: "PENDING" });
    await at.clock.advanceBy(2000);
    await reported(await jobOf(task, 2), { status: "COMPLETED" });
  });
});

describe("a kill of a task that runs elsewhere", () => {
  it("is told by the answer to the next report, acknowledged by it, and confirmed by whatever end is reported", async () => {
    await register();
    const task = await create();
    const job = await jobOf(task);
    await reported(job, {});
    const asked = await at.api
      .post(`/v1/tasks/${task.task_id}/kill`, { reason: "enough" })
      .expect(202);
    expect(asked.body).toMatchObject({ status: "IN_PROGRESS", cancel: { acknowledged_at: null } });
    const told = await reported(job, { progress: { completed: 1 } });
    expect(told).toMatchObject({
      status: "IN_PROGRESS",
      cancel: { reason: "enough", acknowledged_at: expect.any(String) },
    });
    expect(await reported(job, { status: "COMPLETED" })).toMatchObject({ status: "CANCELED" });
  });

  it("ends CANCELED when the executor is never heard of again", async () => {
    await register({ heartbeat_timeout: 60 });
    const task = await create();
    await reported(await jobOf(task), {});
    await at.api.post(`/v1/tasks/${task.task_id}/kill`).expect(202);
    await at.world.runMinuteCron(MINUTE_MS + 1000);
    await at.world.runMinuteCron(2 * MINUTE_MS + 2000);
    expect(await getTask(at.api, task.task_id)).toMatchObject({ status: "CANCELED" });
  });

  it("is refused when the type says so", async () => {
    await register({ killable: false });
    const task = await create();
    expect(task.killable).toBe(false);
    const answer = await at.api.post(`/v1/tasks/${task.task_id}/kill`);
    expect(answer.body).toMatchObject({ status: 409, code: "task_not_killable" });
  });
});

it("a task whose worker died before the executor was reached is tried again when its lease has run out (P1)", async () => {
  await register({ backoff: { base: 1, cap: 1 } });
  const lift = at.world.mongo.faults.add({
    phase: "before",
    match: ({ target }) => target === "task_types",
    action: { kind: "refuse" },
    skip: 1,
  });
  const task = await create();
  await untilTask(at.api, task.task_id, ({ status }) => status === "IN_PROGRESS");
  await at.world.stack.qstash.idle();
  lift();
  expect(at.executor.jobs).toEqual([]);
  await at.world.runMinuteCron(61_000);
  expect(await getTask(at.api, task.task_id)).toMatchObject({
    status: "PENDING",
    last_error: { code: "lease_expired" },
  });
  await at.clock.advanceBy(2000);
  await reported(await jobOf(task, 2), { status: "COMPLETED" });
});
