import type { Api } from "../../support/api.ts";
import { emptyBucket } from "../../support/fixtures.ts";
import type { Recorder } from "../recorder.ts";

/** The label by which a later version knows how a task must end. */
export const endsAs = (status: string) => `ends ${status}`;

export const COMPLETED = { tags: [endsAs("COMPLETED")] };
export const FAILED = { tags: [endsAs("FAILED")] };
export const CANCELED = { tags: [endsAs("CANCELED")] };
export const SKIPPED = { tags: [endsAs("SKIPPED")] };

const TEXTS = [
  "The captain steers the ship into the harbour where the crew moors her at the quay.",
  "The baker kneads the dough with flour and yeast before the oven turns it into bread.",
  "The pilot brings the ship along the quay and the crew makes her fast in the harbour.",
  "The miller sells the flour from which the baker makes the dough and the bread.",
  "A storm keeps the ship in the harbour.",
];

const idOf = async (call: Promise<{ body: Record<string, unknown> }>, field: string) =>
  String((await call).body[field]);

let made = 0;
const nameOf = (kind: string) => `${kind}-${(made += 1)}`;

export const makeBucket = async (api: Api, objects: readonly object[]) => {
  const id = await idOf(
    api.post("/v1/buckets", { name: nameOf("bucket") }).expect(201),
    "bucket_id",
  );
  if (objects.length > 0) {
    await api.post(`/v1/buckets/${id}/objects/batch`, { objects }).expect(200);
  }
  return id;
};

export const makeCollection = (api: Api, name = nameOf("collection")) =>
  idOf(api.post("/v1/collections", { name }).expect(201), "collection_id");

/** Makes a batch with a collection of its own; answers its path. */
async function makeBatch(api: Api, bucketId: string, chosen: object = { all: true }) {
  const collection_id = await makeCollection(api);
  const options = { chunk_size: 200, chunk_overlap: 0 };
  const path = `/v1/buckets/${bucketId}/batches`;
  const id = await idOf(
    api.post(path, { ...chosen, collection_id, options }).expect(201),
    "batch_id",
  );
  return `${path}/${id}`;
}

const submit = (api: Api, path: string, options: object = COMPLETED) =>
  idOf(api.post(`${path}/submit`, options).expect(202), "task_id");

/** Makes a batch of all that a bucket holds, and submits it. */
async function runBatch(api: Api, bucketId: string, options: object = COMPLETED): Promise<string> {
  return submit(api, await makeBatch(api, bucketId), options);
}

const textObjects = (count: number) => TEXTS.slice(0, count).map((text) => ({ content: { text } }));

/** Attempts that failed and wait, tasks that an outage holds up, and all the ends. It drives cron. */
export async function settledJobs({
  world,
  db,
  stopWhen,
  inNamespace,
  receiver,
}: Recorder): Promise<void> {
  const api = await inNamespace("ended");
  const bucket = await makeBucket(api, textObjects(3));
  const atWork = async () =>
    (await db
      .collection("tasks")
      .countDocuments({ status: "PROCESSING", checkpoint: { $ne: null } })) > 0;
  // The lease of a runner that is gone runs out: another attempt waits, with what there is.
  await stopWhen(() => runBatch(api, bucket), atWork);
  await world.runMinuteCron(61_000);
  // A store out of order costs no attempt.
  const lift = world.mongo.faults.add({
    phase: "before",
    match: ({ name, target }) => target === "documents" && /^(insert|update|bulkWrite)$/.test(name),
    action: { kind: "refuse" },
  });
  await runBatch(api, bucket);
  await world.stack.qstash.idle();
  lift();
  const empty = await makeBucket(api, textObjects(1));
  const skipped = runBatch(api, empty, SKIPPED);
  await emptyBucket(api, `/v1/buckets/${empty}/objects`);
  await skipped;
  const wrong = await makeBucket(api, [{ content: { url: receiver.url("/down/page") } }]);
  const failed = await runBatch(api, wrong, FAILED);
  await world.stack.qstash.idle();
  await api.post(`/v1/tasks/${failed}/retry`, FAILED).expect(202);
  const killed = await runBatch(api, bucket, { ...CANCELED, delay: 3600 });
  await api.post(`/v1/tasks/${killed}/kill`, { reason: "not needed" }).expect(202);
  await world.stack.qstash.idle();
}

/** Each of the content jobs at each of its stops. */
export async function contentJobs(recorder: Recorder): Promise<void> {
  await batches(recorder);
  const { everyStop, inNamespace, world } = recorder;
  const api = await inNamespace("groups");
  const bucket = await makeBucket(api, textObjects(5));
  await runBatch(api, bucket);
  await world.stack.qstash.idle();
  const collections = await api.post("/v1/collections/list").expect(200);
  const collection = /col_[0-9a-f]{32}/.exec(collections.text)?.[0] ?? "";
  for (const k of [2, "auto"]) {
    const request = () => ({ name: nameOf("cluster"), collection_ids: [collection], k, seed: 7 });
    await everyStop(
      () => idOf(api.post("/v1/clusters", request()).expect(201), "cluster_id"),
      (id) => api.post(`/v1/clusters/${id}/execute`, COMPLETED).expect(202),
    );
  }
  const nodes = [
    { node_id: "sea", label: "Ships", description: "Ships, harbours and crews" },
    { node_id: "bread", label: "Bread", examples: ["The baker kneads the dough."] },
    { node_id: "port", parent_id: "sea", label: "Harbours" },
  ];
  await everyStop(
    () => {
      const request = { name: nameOf("taxonomy"), nodes, threshold: 0.05 };
      return idOf(api.post("/v1/taxonomies", request).expect(201), "taxonomy_id");
    },
    (id) => {
      const start = { ...COMPLETED, collection_id: collection };
      return api.post(`/v1/taxonomies/${id}/materialize`, start).expect(202);
    },
  );
  await migrations(recorder);
}

async function batches({ everyStop, inNamespace, receiver }: Recorder): Promise<void> {
  const api = await inNamespace("batches");
  for (const path of ["/ok/1", "/ok/2", "/ok/3"]) {
    await api
      .post("/v1/webhooks", { url: receiver.url(path), event_types: ["task.completed"] })
      .expect(201);
  }
  const long = { content: { text: TEXTS.join(" ") } };
  const bucket = await makeBucket(api, [
    ...textObjects(1),
    { ...long, metadata: { year: 1901, draft: false, title: "Harbours" } },
    { key: "page", content: { url: receiver.url("/page") } },
    { key: "json", content: { json: { title: "Flour", tons: 3 } } },
  ]);
  const run = (path: string) => submit(api, path);
  await everyStop(() => makeBatch(api, bucket), run);
  const { text } = await api.post(`/v1/buckets/${bucket}/objects/list`).expect(200);
  const ids = [...text.matchAll(/obj_[0-9a-f]{32}/g)].map(([id]) => id);
  const chosen = { object_ids: [...new Set(ids)].slice(0, 3) };
  await everyStop(() => makeBatch(api, bucket, chosen), run);
}

async function migrations({ everyStop, inNamespace, world }: Recorder): Promise<void> {
  const api = await inNamespace("source");
  await runBatch(api, await makeBucket(api, textObjects(2)));
  await world.stack.qstash.idle();
  const { text } = await api.post("/v1/collections/list").expect(200);
  const collection_ids = [/col_[0-9a-f]{32}/.exec(text)?.[0] ?? ""];
  const cluster = await idOf(
    api.post("/v1/clusters", { name: "pairs", collection_ids, k: 2, seed: 7 }).expect(201),
    "cluster_id",
  );
  await api.post(`/v1/clusters/${cluster}/execute`, COMPLETED).expect(202);
  const nodes = [{ node_id: "sea", label: "Ships" }];
  await api.post("/v1/taxonomies", { name: "topics", nodes, threshold: 0 }).expect(201);
  await world.stack.qstash.idle();
  const path = "/v1/namespaces/source/migrations";
  await everyStop(
    () => {
      const request = { target_name: nameOf("target") };
      return idOf(world.api.post(path, request).expect(201), "migration_id");
    },
    (id) => world.api.post(`${path}/${id}/start`, COMPLETED).expect(202),
  );
}
