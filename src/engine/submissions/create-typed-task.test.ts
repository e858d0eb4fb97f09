import { expect, it } from "vitest";
import { z } from "zod";
import { createJobHarness } from "../../../test/jobs/harness.ts";
import { defineLoop } from "../jobs/define-loop.ts";
import { registerJobs } from "../jobs/registry.ts";
import { createTypedTask } from "./create-typed-task.ts";

const resize = defineLoop({
  type: "resize_images",
  attempts: 5,
  input: z.object({ tenant: z.string(), width: z.coerce.number() }),
  state: z.object({}),
  concurrency: { key: "{input.tenant}", limit: 2 },
  start: () => Promise.reject(new Error("it is never run")),
  advance: () => Promise.reject(new Error("it is never run")),
  conclude: () => ({ outputs: [], events: [] }),
});

function setUp() {
  const h = createJobHarness();
  const ctx = { ...h.ctx, jobs: registerJobs([resize]) };
  const submit = (input: Record<string, unknown>) =>
    createTypedTask({
      ctx,
      input: { request: { task_type: "resize_images", input }, keyed: null },
    });
  return { h, submit };
}

it("a job's task is stored with its input as sent, and with the job's attempts and concurrency key", async () => {
  const { h, submit } = setUp();
  const { _id } = await submit({ tenant: "acme", width: "80" });
  expect(await h.task(_id)).toMatchObject({
    status: "PENDING",
    resource_id: null,
    executor: null,
    job_input: { tenant: "acme", width: "80" },
    inputs: [{ tenant: "acme", width: "80" }],
    max_attempts: 5,
    concurrency_key: "resize_images:acme",
    concurrency_limit: 2,
  });
});

it("costs one write of MongoDB, one of Redis and one message", async () => {
  const { h, submit } = setUp();
  h.database.operations.length = 0;
  await submit({ tenant: "acme", width: 80 });
  expect(h.database.operations).toEqual(["insertOne tasks"]);
  expect(h.puts).toHaveLength(1);
  expect(h.world.queue).toHaveLength(1);
});

it("an input that the schema refuses creates nothing, and each field is named", async () => {
  const { h, submit } = setUp();
  await expect(submit({ width: "wide" })).rejects.toMatchObject({
    code: "invalid_request",
    fields: [{ path: "input.tenant" }, { path: "input.width" }],
  });
  expect(h.database.rows("tasks")).toEqual([]);
});
