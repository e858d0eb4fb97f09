import { describe, expect, it } from "vitest";
import { TYPE, useExecutorWorld } from "../support/executor-world.ts";
import { getTask } from "../support/fixtures.ts";

const at = useExecutorWorld();
const { register, create, jobOf, reported } = at;

/** The jobs that a customer's tasks came to. */
function startedFor(customer: string) {
  return at.executor.jobs.filter((job) => job.input["customer"] === customer);
}

describe("a task type", () => {
  it("is replaced by another PUT: its secret stays and is not shown again", async () => {
    await register({ description: "one" });
    const again = await at.api.put(`/v1/task-types/${TYPE}`, {
      executor_url: at.executor.url,
      max_attempts: 9,
    });
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ type: TYPE, max_attempts: 9, description: null });
    expect(again.body["secret"]).toBeUndefined();
    await reported(await jobOf(await create()), { status: "COMPLETED" });
  });

  it("is listed, read and deleted, but not while a task of it is alive", async () => {
    await register();
    const list = await at.api.post("/v1/task-types/list", {}).expect(200);
    expect(list.body).toMatchObject({ results: [{ type: TYPE }] });
    const task = await create();
    const refused = await at.api.delete(`/v1/task-types/${TYPE}`);
    expect(refused.body).toMatchObject({ status: 409, code: "resource_in_use" });
    await reported(await jobOf(task), { status: "COMPLETED" });
    await at.api.delete(`/v1/task-types/${TYPE}`).expect(204);
    expect((await at.api.get(`/v1/task-types/${TYPE}`)).status).toBe(404);
  });

  it.each([
    [{ executor_url: "http://10.0.0.1/" }, "executor_url"],
    [{ executor_url: "x" }, "executor_url"],
    [{}, "executor_url"],
    [{ heartbeat_timeout: 1 }, "heartbeat_timeout"],
    [{ backoff: { base: 10, cap: 1 } }, "backoff.cap"],
    [{ input_schema: { $ref: "#/nowhere" } }, "input_schema"],
    [{ concurrency: { key: "{other}", limit: 1 } }, "concurrency.key"],
    [{ retries: 3 }, "retries"],
  ])("is checked: %j names %s", async (terms, path) => {
    const body = {
      ...("executor_url" in terms || path === "executor_url"
        ? {}
        : { executor_url: at.executor.url }),
      ...terms,
    };
    const answer = await at.api.put(`/v1/task-types/${TYPE}`, body);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ path }] });
  });

  it.each(["api_mine", "Gpu", "x"])("may not be called %s", async (type) => {
    const answer = await at.api.put(`/v1/task-types/${type}`, { executor_url: at.executor.url });
    expect(answer.status).toBe(400);
  });

  it("holds its tasks' input to its schema, and names each field that is wrong", async () => {
    await register({
      input_schema: {
        type: "object",
        required: ["model"],
        properties: { model: { type: "string" }, epochs: { type: "integer", minimum: 1 } },
        additionalProperties: false,
      },
    });
    const refused = await at.api.post("/v1/tasks", {
      task_type: TYPE,
      input: { model: 1, epochs: 0, colour: "red" },
    });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body["errors"])).toMatch(
      /input\.model.*input\.epochs.*input\.colour/,
    );
    await create({ input: { model: "m", epochs: 2 } });
  });

  it("of a task must be registered in the namespace, and not be built in", async () => {
    for (const task_type of ["nothing.here", "api_buckets_batches_process"]) {
      const answer = await at.api.post("/v1/tasks", { task_type, input: {} });
      expect(answer.body).toMatchObject({ status: 400, errors: [{ path: "task_type" }] });
    }
  });

  it("gives its queue TTL to tasks that don't say one", async () => {
    await register({ queue_ttl: 600 });
    const task = await create({ delay: 3600 });
    await at.world.runMinuteCron(601_000);
    expect(await getTask(at.api, task.task_id)).toMatchObject({
      status: "FAILED",
      last_error: { code: "queue_ttl_expired" },
    });
  });

  it("lets at most as many tasks of one concurrency key run at once, and the next one when one ends", async () => {
    await register({ concurrency: { key: "customer-{input.customer}", limit: 2 } });
    const tasks = [];
    for (let index = 0; index < 4; index += 1) {
      tasks.push(await create({ input: { customer: "a" } }));
    }
    const other = await create({ input: { customer: "b" } });
    await jobOf(other);
    await at.world.stack.qstash.idle();
    expect(startedFor("a")).toHaveLength(2);
    for (let ended = 0; ended < 4; ended += 1) {
      const job = startedFor("a")[ended];
      if (job === undefined) throw new Error("the next one did not start");
      await reported(job, { status: "COMPLETED" });
      await at.world.stack.qstash.idle();
    }
    expect(startedFor("a")).toHaveLength(4);
    const missing = await at.api.post("/v1/tasks", { task_type: TYPE, input: {} });
    expect(missing.body).toMatchObject({ status: 400, errors: [{ path: "input.customer" }] });
  });
});
