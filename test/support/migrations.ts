import { MongoClient } from "mongodb";
import { z } from "zod";
import { Migration } from "../../src/contract/migration.ts";
import { Task } from "../../src/contract/task.ts";
import { COPIED_KINDS } from "../../src/content/migration/copied-kinds.ts";
import type { Api } from "./api.ts";
import { type BatchFixture, makeBatch, sentence, submit, untilEnded } from "./fixtures.ts";
import type { SharedWorld } from "./shared-world.ts";

const Rows = z.object({ results: z.array(z.record(z.string(), z.unknown())) });

/** A namespace with something of each kind, for migrations. */
export type Source = {
  readonly name: string;
  readonly api: Api;
  readonly batch: BatchFixture;
  readonly taxonomyId: string;
  readonly clusterId: string;
};

let sources = 0;

/** Objects of each content, batch-made documents of the texts, a taxonomy's labels on them and a cluster's places. */
export async function makeSource(world: SharedWorld, texts = 3): Promise<Source> {
  const name = `source-${(sources += 1)}`;
  const made = { name, metadata: { team: "eng" } };
  await world.api.post("/v1/namespaces", made).expect(201);
  const api = world.api.as({ namespace: name });
  const batch = await makeBatch(
    api,
    Array.from({ length: texts }, (_, index) => sentence(index)),
  );
  await untilEnded(api, (await submit(api, batch)).task_id);
  const objects = [
    { key: "odd.json", content: { json: { $where: 1, "a.b": [null, { _bsontype: "x" }] } } },
    { content: { url: "https://example.com/" }, metadata: { rank: 3, ratio: 0.5, ok: true } },
  ];
  await api.post(`/v1/buckets/${batch.bucketId}/objects/batch`, { objects }).expect(200);
  const nodes = [{ node_id: "ships", label: "Ships and goods" }];
  const taxonomy = await api
    .post("/v1/taxonomies", { name: "topics", nodes, threshold: 0 })
    .expect(201);
  const taxonomyId = String(taxonomy.body["taxonomy_id"]);
  const path = `/v1/taxonomies/${taxonomyId}/materialize`;
  const task = await api.post(path, { collection_id: batch.collectionId }).expect(202);
  await untilEnded(api, String(task.body["task_id"]));
  const request = { name: "pairs", collection_ids: [batch.collectionId], k: 2 };
  const cluster = await api.post("/v1/clusters", request).expect(201);
  const clusterId = String(cluster.body["cluster_id"]);
  const execution = await api.post(`/v1/clusters/${clusterId}/execute`, {}).expect(202);
  await untilEnded(api, String(execution.body["task_id"]));
  return { name, api, batch, taxonomyId, clusterId };
}

export async function createMigration(
  world: SharedWorld,
  source: Source,
  target_name: string,
): Promise<Migration> {
  const path = `/v1/namespaces/${source.name}/migrations`;
  return Migration.parse((await world.api.post(path, { target_name }).expect(201)).body);
}

export async function getMigration(world: SharedWorld, { namespace_id, migration_id }: Migration) {
  const path = `/v1/namespaces/${namespace_id}/migrations/${migration_id}`;
  return Migration.parse((await world.api.get(path).expect(200)).body);
}

export async function start(
  world: SharedWorld,
  { namespace_id, migration_id }: Migration,
  options: object = {},
): Promise<Task> {
  const path = `/v1/namespaces/${namespace_id}/migrations/${migration_id}/start`;
  return Task.parse((await world.api.post(path, options).expect(202)).body);
}

/** Migrates a source to its end, whatever that is. */
export async function migrate(world: SharedWorld, source: Source, targetName: string) {
  const migration = await createMigration(world, source, targetName);
  const task = await untilEnded(source.api, (await start(world, migration)).task_id, 25_000);
  return { migration, task, target: world.api.as({ namespace: targetName }) };
}

const isId = (value: unknown): value is string =>
  typeof value === "string" && /^[a-z]+_[0-9a-f]{32}$/.test(value);

/**
 * All that a namespace shows of its contents over HTTP, vectors too, with each id replaced by what
 * it names: so that a namespace and its copy are equal. A status that is a task's is left out.
 */
export async function contentsOf(api: Api): Promise<unknown> {
  const rows = async (path: string, body: object = {}) => {
    const order = { sort: "created_at", limit: 200 };
    return Rows.parse((await api.post(path, { ...order, ...body }).expect(200)).body).results;
  };
  const names = new Map<string, string>();
  const name = (row: Record<string, unknown>, field: string, as: string) =>
    names.set(String(row[field]), as);
  const buckets = await rows("/v1/buckets/list");
  const collections = await rows("/v1/collections/list");
  const taxonomies = await rows("/v1/taxonomies/list");
  for (const row of buckets) name(row, "bucket_id", `bucket ${String(row["name"])}`);
  for (const row of collections) name(row, "collection_id", `collection ${String(row["name"])}`);
  for (const row of taxonomies) name(row, "taxonomy_id", `taxonomy ${String(row["name"])}`);
  const clusters: Record<string, unknown>[] = [];
  for (const row of await rows("/v1/clusters/list")) {
    name(row, "cluster_id", `cluster ${String(row["name"])}`);
    const { body } = await api.get(`/v1/clusters/${String(row["cluster_id"])}`).expect(200);
    clusters.push(body);
  }
  const objects: Record<string, unknown>[] = [];
  for (const bucket of buckets) {
    for (const row of await rows(`/v1/buckets/${String(bucket["bucket_id"])}/objects/list`)) {
      name(row, "object_id", `object ${objects.push(row)}`);
    }
  }
  const documents: Record<string, unknown>[] = [];
  for (const collection of collections) {
    const path = `/v1/collections/${String(collection["collection_id"])}/documents/list`;
    documents.push(...(await rows(path, { return_vectors: true })));
  }
  // Those of one moment stand in the order of their ids, which are hashes.
  const places = [...names.keys()];
  const place = (row: Record<string, unknown>) => places.indexOf(String(row["object_id"]));
  documents.sort((one, other) => place(one) - place(other));
  const replaced = (value: unknown): unknown => {
    if (isId(value)) return names.get(value) ?? value.slice(0, value.indexOf("_"));
    if (Array.isArray(value)) return value.map(replaced);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [String(replaced(key)), replaced(inner)]),
    );
  };
  for (const row of [...taxonomies, ...clusters]) {
    Object.assign(row, { status: null, task_id: null });
  }
  return replaced({ buckets, collections, clusters, taxonomies, objects, documents });
}

/** How many rows of each kind are stored for a namespace. */
export async function rowsStored(
  world: SharedWorld,
  namespaceId: string,
): Promise<Record<string, number>> {
  const client = await MongoClient.connect(world.stack.vars["MONGODB_URI"] ?? "");
  try {
    const counts: Record<string, number> = {};
    for (const { name } of COPIED_KINDS) {
      const rows = client.db(world.database).collection(name);
      counts[name] = await rows.countDocuments({ namespace_id: namespaceId });
    }
    return counts;
  } finally {
    await client.close();
  }
}
