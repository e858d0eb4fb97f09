import { MongoClient } from "mongodb";
import { z } from "zod";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "./api.ts";
import { type BatchFixture, makeBatch, sentence, submit, untilEnded } from "./fixtures.ts";
import type { World } from "./world.ts";

/** A namespace that holds one of everything, at rest. */
export type Populated = {
  readonly api: Api;
  readonly batch: BatchFixture;
  /** An id for each path parameter of the API. */
  readonly ids: Readonly<Record<string, string>>;
};

const Ids = z.object({ results: z.array(z.record(z.string(), z.unknown())) });

/** Fills a new namespace: an ended task, its documents, an endpoint and a delivery that arrived. */
export async function populate(world: World, name: string): Promise<Populated> {
  const receiver = new TestReceiver(() => Date.now());
  await receiver.start();
  const made = await world.api.post("/v1/namespaces", { name }).expect(201);
  const api = world.api.as({ namespace: name });
  const webhook = await api
    .post("/v1/webhooks", { url: receiver.url(), event_types: ["task.completed"] })
    .expect(201);
  const webhookId = String(webhook.body["webhook_id"]);
  const batch = await makeBatch(api, [sentence(1), sentence(2)]);
  const task = await submit(api, batch);
  await untilEnded(api, task.task_id);
  await world.stack.qstash.idle();
  await receiver.close();
  const key = await world.api.post("/v1/keys", { name, namespaces: [name] }).expect(201);
  const type = `${name}.work`;
  await api.put(`/v1/task-types/${type}`, { executor_url: "https://executor.example.com/" });
  const eventType = `${name}.happened`;
  await api.put(`/v1/event-types/${eventType}`, { schema: { type: "object" } }).expect(201);
  const published = await api.post("/v1/events", { type: eventType, data: {} }).expect(202);
  await world.stack.qstash.idle();
  await api.post("/v1/events/list").expect(200);
  const submission = { kind: "batch", bucket_id: batch.bucketId, batch_id: batch.batchId };
  const schedule = await api
    .post("/v1/schedules", { name: "yearly", cron: "0 0 1 1 *", submission })
    .expect(201);
  const taxonomy = await api
    .post("/v1/taxonomies", { name: "topics", nodes: [{ node_id: "a", label: "A" }] })
    .expect(201);
  const cluster = await api
    .post("/v1/clusters", { name: "subjects", collection_ids: [batch.collectionId], k: 2 })
    .expect(201);
  const migration = await world.api
    .post(`/v1/namespaces/${name}/migrations`, { target_name: `${name}-copy` })
    .expect(201);
  const first = async (path: string, field: string) => {
    const { results } = Ids.parse((await api.post(path, {}).expect(200)).body);
    return String(results[0]?.[field]);
  };
  const { bucketId, collectionId } = batch;
  return {
    api,
    batch,
    ids: {
      namespace_id: String(made.body["namespace_id"]),
      key_id: String(key.body["key_id"]),
      bucket_id: bucketId,
      object_id: batch.objectIds[0] ?? "",
      batch_id: batch.batchId,
      collection_id: collectionId,
      document_id: await first(`/v1/collections/${collectionId}/documents/list`, "document_id"),
      task_id: task.task_id,
      type,
      event_type: eventType,
      event_id: String(published.body["event_id"]),
      schedule_id: String(schedule.body["schedule_id"]),
      taxonomy_id: String(taxonomy.body["taxonomy_id"]),
      cluster_id: String(cluster.body["cluster_id"]),
      migration_id: String(migration.body["migration_id"]),
      webhook_id: webhookId,
      delivery_id: await first(`/v1/webhooks/${webhookId}/deliveries/list`, "delivery_id"),
    },
  };
}

/**
 * All that is stored and waits, whole: every document in MongoDB, and how often the cache and the
 * queue were written to. It stays the same exactly when nothing was done.
 */
export async function everythingIn(world: World): Promise<Record<string, unknown>> {
  const { redis, qstash, vars } = world.stack;
  const everything: Record<string, unknown> = {
    redis: redis.operations.all().filter((one) => one.isWrite).length,
    qstash: qstash.operations.all().filter((one) => one.isWrite).length,
  };
  const client = await MongoClient.connect(vars["MONGODB_URI"] ?? "");
  try {
    const database = client.db(world.database);
    for (const { name } of await database.listCollections().toArray()) {
      everything[name] = await database.collection(name).find().sort({ _id: 1 }).toArray();
    }
  } finally {
    await client.close();
  }
  return everything;
}
