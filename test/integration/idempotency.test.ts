import { MongoClient } from "mongodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SubmissionsAnswer } from "../../src/contract/submission-target.ts";
import type { Answer, Api } from "../support/api.ts";
import { makeCollection } from "../support/clusters.ts";
import { makeBatch, sentence } from "../support/fixtures.ts";
import { expectProblem } from "../support/problems.ts";
import { leaveSharedWorld, type SharedWorld, sharedWorld } from "../support/shared-world.ts";

/** A request that may be sent again, another one with its key, and what becomes of what it names. */
type Repeatable = {
  readonly path: string;
  readonly body: object;
  readonly other: { readonly path?: string; readonly body?: object };
  /** The field of the answer that says what was made. */
  readonly made: string;
  readonly change: (made: string) => Promise<unknown>;
};

const LATER = { delay: 3600, metadata: { team: "a", rank: 1 }, tags: ["n"] };

let world: SharedWorld;
beforeAll(async () => {
  world = await sharedWorld();
});
afterAll(leaveSharedWorld);

/** The same JSON value, written as differently as JSON allows. */
function rewritten(value: unknown): string {
  if (typeof value === "number") return `${value}.0e0`;
  if (typeof value === "string") {
    return JSON.stringify(value).replaceAll(/[a-z]/g, (letter) => {
      return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
    });
  }
  if (Array.isArray(value)) return `[ ${value.map(rewritten).join(" , ")} ]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toReversed();
  return `{\n${members.map(([name, one]) => `${rewritten(name)} : ${rewritten(one)}`).join(",\n")}}`;
}

async function killed(api: Api, taskId: string, path: string): Promise<void> {
  await api.post(`/v1/tasks/${taskId}/kill`).expect(202);
  await api.delete(path).expect(204);
}

const REPEATABLE: Record<string, (api: Api) => Promise<Repeatable>> = {
  "a task whose type is deleted": async (api) => {
    const type = "/v1/task-types/render.once";
    await api.put(type, { executor_url: "https://gpu.example.com/jobs" });
    const body = { task_type: "render.once", input: { a: 1, b: { c: [2], d: "e" } }, ...LATER };
    const other = { body: { ...body, input: { a: 1, b: { c: [2], d: "f" } } } };
    return { path: "/v1/tasks", body, other, made: "task_id", change: () => api.delete(type) };
  },
  "a task whose type gets another schema and other defaults": async (api) => {
    const type = "/v1/task-types/render.twice";
    const executor_url = "https://gpu.example.com/jobs";
    await api.put(type, { executor_url });
    const input_schema = { type: "object", required: ["z"] };
    return {
      path: "/v1/tasks",
      body: { task_type: "render.twice", input: { a: 1 }, ...LATER },
      other: { body: { task_type: "render.twice", input: { a: 1, z: 1 }, ...LATER } },
      made: "task_id",
      change: () => api.put(type, { executor_url, input_schema, queue_ttl: 10, max_attempts: 9 }),
    };
  },
  "a batch that is deleted": async (api) => {
    const batch = await makeBatch(api, [sentence(1)]);
    return {
      path: `${batch.path}/submit`,
      body: LATER,
      other: { body: { ...LATER, priority: "high" } },
      made: "task_id",
      change: (taskId) => killed(api, taskId, batch.path),
    };
  },
  "a cluster that is deleted": async (api) => {
    const collection_ids = [await makeCollection(api, 3)];
    await api.post("/v1/clusters", { name: "gone", collection_ids, k: 2 }).expect(201);
    return {
      path: "/v1/clusters/gone/execute",
      body: LATER,
      other: { body: {} },
      made: "task_id",
      change: (taskId) => killed(api, taskId, "/v1/clusters/gone"),
    };
  },
  "a taxonomy that is deleted": async (api) => {
    const collection_id = await makeCollection(api, 3);
    const nodes = [{ node_id: "ships", label: "Ships" }];
    await api.post("/v1/taxonomies", { name: "gone", nodes }).expect(201);
    return {
      path: "/v1/taxonomies/gone/materialize",
      body: { collection_id, ...LATER },
      other: { body: { collection_id: "elsewhere", ...LATER } },
      made: "task_id",
      change: (taskId) => killed(api, taskId, "/v1/taxonomies/gone"),
    };
  },
  "a schedule's run after the schedule is deleted": async (api) => {
    const batch = await makeBatch(api, [sentence(1)]);
    const { bucketId: bucket_id, collectionId: collection_id } = batch;
    const submission = { kind: "bucket", bucket_id, collection_id, ...LATER };
    for (const name of ["one", "two"]) {
      const schedule = { name, cron: "0 0 1 1 *", timezone: "UTC", submission };
      await api.post("/v1/schedules", schedule).expect(201);
    }
    return {
      path: "/v1/schedules/one/run",
      body: {},
      other: { path: "/v1/schedules/two/run" },
      made: "task_id",
      change: () => api.delete("/v1/schedules/one"),
    };
  },
  "an event whose type is archived": async (api) => {
    const type = "/v1/event-types/orders.paid";
    await api.put(type, { schema: { type: "object" } });
    const body = { type: "orders.paid", data: { a: 1, b: { c: 2, d: 3 } } };
    const other = { body: { type: "orders.paid", data: { a: 1, b: { c: 2, d: 4 } } } };
    return { path: "/v1/events", body, other, made: "event_id", change: () => api.delete(type) };
  },
  "an endpoint whose event type is archived": async (api) => {
    const type = "/v1/event-types/orders.sent";
    await api.put(type, { schema: { type: "object" } });
    const body = {
      url: "https://hooks.example.com/in",
      event_types: ["orders.sent"],
      headers: { "x-a": "1", "x-b": "2" },
    };
    const other = { body: { ...body, headers: { "x-a": "1", "x-b": "3" } } };
    const change = () => api.delete(type);
    return { path: "/v1/webhooks", body, other, made: "webhook_id", change };
  },
  "a rotation of an endpoint that is changed": async (api) => {
    const endpoint = { url: "https://hooks.example.com/in", event_types: ["task.*"] };
    const { body } = await api.post("/v1/webhooks", endpoint).expect(201);
    const path = `/v1/webhooks/${String(body["webhook_id"])}`;
    return {
      path: `${path}/rotate-secret`,
      body: { overlap_seconds: 60, signatures: ["v1"] },
      other: { body: { overlap_seconds: 61, signatures: ["v1"] } },
      made: "secret",
      change: () => api.patch(path, { signatures: ["v1", "v1a"], description: "changed" }),
    };
  },
};

describe("a request with an Idempotency-Key", () => {
  it.each(Object.entries(REPEATABLE))(
    "is answered the same when it is repeated, however it is written, and 422 with another body: %s",
    async (_, prepare) => {
      const api = await world.inNamespace();
      const { path, body, other, made, change } = await prepare(api);
      const key = { "Idempotency-Key": "once" };
      const first = await api.post(path, body, key);
      expect(first.status, first.text).toBeLessThan(300);
      const id = String(first.body[made]);
      const typed = { ...key, "Content-Type": "application/json" };
      const again = () => api.raw("POST", path, rewritten(body), typed);
      const reused = () => api.post(other.path ?? path, other.body ?? body, key);
      for (const moment of ["before", "after"]) {
        const repeated = await again();
        expect(repeated.status, `${moment}: ${repeated.text}`).toBe(first.status);
        expect(repeated.body[made], moment).toBe(id);
        expectProblem(await reused(), 422, "idempotency_key_reused");
        if (moment === "before") await change(id);
      }
    },
  );

  it("is one request whether its body is absent or empty", async () => {
    const api = await world.inNamespace();
    const batch = await makeBatch(api, [sentence(1)]);
    const key = { "Idempotency-Key": "empty" };
    const ids = [
      await api.raw("POST", `${batch.path}/submit`, null, key).expect(202),
      await api.post(`${batch.path}/submit`, {}, key).expect(202),
    ].map(({ body }) => body["task_id"]);
    expect(ids[0]).toBe(ids[1]);
  });

  it("of another route is another request", async () => {
    const api = await world.inNamespace();
    const batch = await makeBatch(api, [sentence(1)]);
    const key = { "Idempotency-Key": "k" };
    await api.post(`${batch.path}/submit`, {}, key).expect(202);
    const { bucketId: bucket_id, batchId: batch_id } = batch;
    const submission = { kind: "batch", bucket_id, batch_id };
    const [row] = await rowsOf(api, [{ submission, idempotency_key: "k" }]);
    expect(row?.error?.code).toBe("idempotency_key_reused");
  });

  it("made before requests were hashed as they are sent is answered with its task", async () => {
    const api = await world.inNamespace();
    const batch = await makeBatch(api, [sentence(1)]);
    const key = { "Idempotency-Key": "old" };
    const { body } = await api.post(`${batch.path}/submit`, LATER, key).expect(202);
    const mongo = await MongoClient.connect(String(world.stack.vars["MONGODB_URI"]));
    const tasks = mongo.db(world.database).collection<{ _id: string }>("tasks");
    const request_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    await tasks.updateOne({ _id: String(body["task_id"]) }, { $set: { request_hash } });
    await mongo.close();
    const again = await api.post(`${batch.path}/submit`, LATER, key).expect(202);
    expect(again.body["task_id"]).toBe(body["task_id"]);
  });
});

/** A bucket's submission, and the batches that the bucket has. */
async function bucketOf(api: Api) {
  const batch = await makeBatch(api, [sentence(1)]);
  const { bucketId: bucket_id, collectionId: collection_id } = batch;
  const list = `/v1/buckets/${bucket_id}/batches/list`;
  const batches = async () => (await api.post(list, {}).expect(200)).body["results"];
  await api.delete(batch.path).expect(204);
  return { submission: { kind: "bucket", bucket_id, collection_id, ...LATER }, batches };
}

describe("rows with idempotency keys", () => {
  it.each([
    ["twice in one call", 1, 2],
    ["in ten calls at once", 10, 1],
    ["in five calls at once of three rows each", 5, 3],
  ])("make one task and one batch of a bucket, %s", async (_, calls, rows) => {
    const api = await world.inNamespace();
    const { submission, batches } = await bucketOf(api);
    const row = { submission, idempotency_key: "k" };
    const body = Array.from({ length: rows }, () => row);
    const answers = await Promise.all(Array.from({ length: calls }, () => rowsOf(api, body)));
    const all = answers.flat();
    expect(all.filter(({ error }) => error !== null)).toEqual([]);
    expect(new Set(all.map(({ task }) => task?.task_id)).size).toBe(1);
    expect(await batches()).toHaveLength(1);
  });

  it("refuse the key for another bucket, collection or options, one after the other or at once, and leave nothing", async () => {
    const api = await world.inNamespace();
    const [one, other] = [await bucketOf(api), await bucketOf(api)];
    const rows = [
      one.submission,
      other.submission,
      { ...one.submission, collection_id: other.submission.collection_id },
      { ...one.submission, priority: "high" },
    ].map((submission) => ({ submission, idempotency_key: "k" }));
    const atOnce = await rowsOf(api, rows);
    const codes = atOnce.map(({ error }) => error?.code ?? null);
    expect(codes.filter((code) => code === "idempotency_key_reused")).toHaveLength(3);
    const winner = codes.indexOf(null);
    expect((await rowsOf(api, rows)).map(({ error }) => error?.code ?? null)).toEqual(codes);
    expect((await rowsOf(api, rows))[winner]?.task).toEqual(atOnce[winner]?.task);
    const made = [await one.batches(), await other.batches()].flat();
    expect(made).toHaveLength(1);
  });
});

async function rowsOf(api: Api, submissions: readonly object[]) {
  const answer: Answer = await api.post("/v1/submissions", { submissions }).expect(200);
  return SubmissionsAnswer.parse(answer.body).results;
}
