import { reportToken } from "../../src/engine/executors/report-token.ts";
import { type Api, createApi } from "./api.ts";
import type { DescribedCalls } from "./described-calls.ts";
import { untilEnded, untilTask } from "./fixtures.ts";
import type { World } from "./world.ts";

/** Who goes through a part of the API, in a namespace with a bucket `b` and a collection `c`. */
export type Tour = {
  readonly call: DescribedCalls["call"];
  readonly caller: Api;
  readonly world: World;
  /** An address that takes whatever is posted. */
  readonly receiverUrl: string;
};

/** A registered type, its tasks and its executor's reports. */
export async function external({ call, caller, world, receiverUrl }: Tour): Promise<void> {
  const type = "/v1/task-types/gpu.train";
  await call(caller, "put", type, { executor_url: receiverUrl }, 201);
  await call(caller, "put", type, { executor_url: receiverUrl, description: "trains" }, 200);
  await call(caller, "get", type, undefined, 200);
  await call(caller, "post", "/v1/task-types/list", undefined, 200);
  const submission = { task_type: "gpu.train", input: { model: "m" } };
  const task = await call(caller, "post", "/v1/tasks", { ...submission, tags: ["t"] }, 202);
  const id = String(task.body["task_id"]);
  await untilTask(caller, id, ({ status }) => status === "IN_PROGRESS");
  const token = await reportToken({ current: world.stack.vars["SEALING_KEY"] ?? "" }, id, 1);
  const executor = createApi(() => world.worker.url, token);
  await call(executor, "patch", `/v1/tasks/${id}`, { progress: { completed: 1 } }, 200);
  const error = { code: "oom", message: "out of memory", retryable: false };
  await call(executor, "patch", `/v1/tasks/${id}`, { status: "FAILED", error }, 200);
  await call(executor, "patch", `/v1/tasks/${id}`, {}, 409);
  await call(caller, "delete", type, undefined, 204);
  await call(caller, "post", `/v1/tasks/${id}/retry`, undefined, 202);
  await call(caller, "post", "/v1/tasks/retry", { tags: "t", dry_run: true }, 200);
  await call(caller, "post", "/v1/tasks/kill", { tags: "t" }, 200);
}

/** The catalogue of events, and a type of the deployer's own. */
export async function events({ call, caller, receiverUrl }: Tour): Promise<void> {
  const type = "/v1/event-types/orders.paid";
  const schema = { type: "object", properties: { order_id: { type: "string" } } };
  await call(caller, "get", "/v1/event-types?limit=5", undefined, 200);
  await call(caller, "put", type, { schema, example: { order_id: "o_1" } }, 201);
  await call(caller, "put", type, { schema: { ...schema, required: ["order_id"] } }, 200);
  await call(caller, "get", `${type}?version=1`, undefined, 200);
  await call(caller, "post", "/v1/event-types/list", { origin: "registered" }, 200);
  const event = { type: "orders.paid", data: { order_id: "o_1" } };
  const published = await call(caller, "post", "/v1/events", event, 202);
  await call(caller, "get", `/v1/events/${String(published.body["event_id"])}`, undefined, 200);
  await call(caller, "post", "/v1/events", { ...event, data: {} }, 400);
  await call(caller, "post", "/v1/events/list", { limit: 2 }, 200);
  const hook = { url: receiverUrl, event_types: ["orders.*"] };
  const webhook = await call(caller, "post", "/v1/webhooks", hook, 201);
  const endpoint = `/v1/webhooks/${String(webhook.body["webhook_id"])}`;
  await call(caller, "get", `${endpoint}/poll?limit=2`, undefined, 200);
  await call(caller, "delete", endpoint, undefined, 204);
  await call(caller, "delete", type, undefined, 204);
}

/** Submissions in one call, and a schedule. */
export async function schedules({ call, caller }: Tour): Promise<void> {
  const submission = { kind: "bucket", bucket_id: "b", collection_id: "c" };
  const many = { submissions: [{ submission }, { submission: { ...submission, bucket_id: "x" } }] };
  const submitted = await call(caller, "post", "/v1/submissions", many, 200);
  await call(caller, "post", "/v1/schedules", { name: "s", cron: "0 3 * * *", submission }, 201);
  await call(caller, "post", "/v1/schedules/list", {}, 200);
  await call(caller, "get", "/v1/schedules/s", undefined, 200);
  await call(caller, "patch", "/v1/schedules/s", { cron: "30 3 * * *" }, 200);
  await call(caller, "post", "/v1/schedules/s/pause", undefined, 200);
  await call(caller, "post", "/v1/schedules/s/resume", undefined, 200);
  const run = await call(caller, "post", "/v1/schedules/s/run", undefined, 202);
  await call(caller, "delete", "/v1/schedules/s", undefined, 204);
  for (const { text } of [submitted, run]) {
    await untilEnded(caller, /"task_id":"(tsk_\w+)"/.exec(text)?.[1] ?? "none");
  }
}

/** A cluster and its run. */
export async function clusters({ call, caller }: Tour): Promise<void> {
  const path = "/v1/clusters/subjects";
  const body = { name: "subjects", collection_ids: ["c"], k: 2 };
  await call(caller, "post", "/v1/clusters", body, 201);
  await call(caller, "post", "/v1/clusters/list", {}, 200);
  const run = await call(caller, "post", `${path}/execute`, {}, 202);
  await untilEnded(caller, String(run.body["task_id"]));
  await call(caller, "get", path, undefined, 200);
  await call(caller, "delete", path, undefined, 204);
}

/** A taxonomy and its materialisation. */
export async function taxonomies({ call, caller }: Tour): Promise<void> {
  const path = "/v1/taxonomies/topics";
  const nodes = [{ node_id: "a", label: "Bills of lading" }];
  await call(caller, "post", "/v1/taxonomies", { name: "topics", nodes }, 201);
  await call(caller, "post", "/v1/taxonomies/list", {}, 200);
  await call(caller, "get", path, undefined, 200);
  const run = await call(caller, "post", `${path}/materialize`, { collection_id: "c" }, 202);
  await untilEnded(caller, String(run.body["task_id"]));
  await call(caller, "get", path, undefined, 200);
  await call(caller, "delete", path, undefined, 204);
}

/** Deliveries that are sent again. */
export async function repair({ call, caller }: Tour): Promise<void> {
  const retry = "/v1/deliveries/retry";
  await call(caller, "post", "/v1/deliveries/list", { limit: 1 }, 200);
  await call(caller, "post", retry, { all: true, dry_run: true }, 200);
  await call(caller, "post", retry, {}, 400);
  const webhooks = await call(caller, "post", "/v1/webhooks/list", {}, 200);
  const webhook = /whk_[0-9a-f]{32}/.exec(webhooks.text)?.[0] ?? "none";
  const test = { type: "task.failed" };
  const sent = await call(caller, "post", `/v1/webhooks/${webhook}/test`, test, 202);
  const delivery = String(sent.body["delivery_id"]);
  await call(caller, "post", `/v1/deliveries/${delivery}/resend`, undefined, 202);
  const replay = { from: "2026-01-01T00:00:00.000Z", which: "missing" };
  await call(caller, "post", `/v1/webhooks/${webhook}/replay`, replay, 200);
}

/** A migration, and its target's end. */
export async function migrations({ call, caller, world }: Tour): Promise<void> {
  const path = "/v1/namespaces/described/migrations";
  const admin = world.api;
  const made = await call(admin, "post", path, { target_name: "copy" }, 201);
  const one = `${path}/${String(made.body["migration_id"])}`;
  await call(caller, "post", path, { target_name: "other" }, 403);
  await call(admin, "post", path, { target_name: "copy" }, 409);
  await call(caller, "post", `${path}/list`, {}, 200);
  await call(caller, "get", one, undefined, 200);
  const run = await call(caller, "post", `${one}/start`, undefined, 202);
  await untilEnded(caller, String(run.body["task_id"]));
  await call(caller, "get", one, undefined, 200);
  await call(caller, "delete", one, undefined, 204);
}

/** Two kills by the two routes; the second batch has ended by then, or is told the same. */
export async function kill({ call, caller, world }: Tour): Promise<void> {
  world.stack.qstash.faults.add({
    phase: "before",
    match: ({ name }) => name === "publish",
    action: { kind: "refuse" },
  });
  const batch = await call(
    caller,
    "post",
    "/v1/buckets/b/batches",
    { all: true, collection_id: "c" },
    201,
  );
  const path = `/v1/buckets/b/batches/${String(batch.body["batch_id"])}`;
  const task = await call(caller, "post", `${path}/submit`, {}, 202);
  const taskPath = `/v1/tasks/${String(task.body["task_id"])}`;
  await call(caller, "post", `${taskPath}/kill`, { reason: "a test" }, 202);
  await call(caller, "delete", taskPath, undefined, 202);
  world.stack.qstash.faults.clear();
}
