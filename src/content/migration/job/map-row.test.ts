import { describe, expect, it } from "vitest";
import { COPIED_KINDS, type CopiedKind } from "../copied-kinds.ts";
import { createIdMap } from "../id-map.ts";
import { documentId } from "../../batch/job/document-id.ts";
import { mapRow, sourceIdOf } from "./map-row.ts";
import { newId } from "../../../../test/jobs/job-parts.ts";
import { MIGRATION, SOURCE, TARGET } from "../../../../test/jobs/migration-world.ts";

const ids = await createIdMap(MIGRATION);

function kindNamed(name: string): CopiedKind {
  const kind = COPIED_KINDS.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}

describe("a copy's id", () => {
  it("follows from the source's and the migration alone, and leads back to it", async () => {
    const id = newId("object");
    expect(ids.map(id)).toMatch(/^obj_[0-9a-f]{32}$/);
    expect(ids.map(id)).not.toBe(id);
    expect((await createIdMap(MIGRATION)).map(id)).toBe(ids.map(id));
    expect((await createIdMap(newId("migration"))).map(id)).not.toBe(ids.map(id));
    expect(ids.map(ids.map(id))).toBe(id);
  });

  it("keeps the order of rows of one moment, and is never another row's", () => {
    const all = Array.from({ length: 1000 }, () => newId("object"));
    const mapped = all.map(ids.map);
    expect(new Set([...all, ...mapped]).size).toBe(2000);
    expect(mapped.toSorted()).toEqual(mapped);
  });

  it("of a document is what a batch in the target would give it", async () => {
    const kind = kindNamed("documents");
    const [collection_id, object_id] = [newId("collection"), newId("object")];
    const row = {
      _id: await documentId(collection_id, object_id, 2),
      collection_id,
      object_id,
      chunk_index: 2,
      enrichments: {},
    };
    const copy = await mapRow(kind, row, ids, TARGET);
    expect(copy._id).toBe(await documentId(ids.map(collection_id), ids.map(object_id), 2));
    expect(await sourceIdOf(kind, copy, ids)).toBe(row._id);
  });
});

describe("a copy", () => {
  it("refers to copies, and keeps what people wrote, also where it looks like an id", async () => {
    const id = newId("object");
    const bucket = newId("bucket");
    const row = {
      _id: id,
      namespace_id: SOURCE,
      bucket_id: bucket,
      key: "k",
      content: { kind: "text", text: bucket },
      metadata: { ref: bucket, [bucket]: 1 },
    };
    expect(await mapRow(kindNamed("objects"), row, ids, TARGET)).toEqual({
      ...row,
      _id: ids.map(id),
      namespace_id: TARGET,
      bucket_id: ids.map(bucket),
    });
  });

  it("of an object without a key of its own has its new id as one", async () => {
    const _id = newId("object");
    const copy = await mapRow(kindNamed("objects"), { _id, key: _id }, ids, TARGET);
    expect(copy["key"]).toBe(copy._id);
  });

  it("has its labels under the copied taxonomy, and vectors and times as they were", async () => {
    const taxonomy = newId("taxonomy");
    const row = {
      _id: newId("document"),
      enrichments: { taxonomies: { [taxonomy]: { node_id: taxonomy, path: ["a"] } } },
      embedding: new Float32Array([1, 2]),
      updated_at: new Date(5),
      task_id: newId("task"),
    };
    const copy = await mapRow(kindNamed("documents"), row, ids, TARGET);
    expect(copy).toMatchObject({
      enrichments: { taxonomies: { [ids.map(taxonomy)]: { node_id: taxonomy, path: ["a"] } } },
      embedding: row.embedding,
      updated_at: row.updated_at,
      task_id: row.task_id,
    });
  });

  it("of a cluster shows the copied run, of the copied collections, and has its places in the documents", async () => {
    const [cluster, run, collection] = [newId("cluster"), newId("task"), newId("collection")];
    const row = {
      _id: cluster,
      status: "COMPLETED",
      task_id: run,
      task_version: 4,
      collection_ids: [collection],
      result_task_id: run,
    };
    expect(await mapRow(kindNamed("clusters"), row, ids, TARGET)).toEqual({
      _id: ids.map(cluster),
      namespace_id: TARGET,
      status: "DRAFT",
      task_id: null,
      task_version: 0,
      error_message: null,
      collection_ids: [ids.map(collection)],
      result_task_id: ids.map(run),
    });
    const document = {
      _id: newId("document"),
      enrichments: { clusters: { [cluster]: { [run]: { cluster_index: 1 } } } },
    };
    expect(await mapRow(kindNamed("documents"), document, ids, TARGET)).toMatchObject({
      enrichments: { clusters: { [ids.map(cluster)]: { [ids.map(run)]: { cluster_index: 1 } } } },
    });
  });

  it("of a run is found under its copied id, with its centroids, and names no document", async () => {
    const [cluster, run, older] = [newId("cluster"), newId("task"), newId("task")];
    const row = {
      _id: run,
      cluster_id: cluster,
      task_id: run,
      kept_runs: [older],
      centroids: new Float32Array([1, 2]),
      nearest: [{ ids: [newId("document")], distances: [0] }],
      cursor: { collection: 1, after_id: newId("document") },
    };
    const kind = kindNamed("cluster_models");
    const copy = await mapRow(kind, row, ids, TARGET);
    expect(copy).toEqual({
      _id: ids.map(run),
      namespace_id: TARGET,
      cluster_id: ids.map(cluster),
      task_id: ids.map(run),
      kept_runs: [ids.map(older)],
      centroids: row.centroids,
      nearest: [],
      cursor: { collection: 0, after_id: null },
    });
    expect(await sourceIdOf(kind, copy, ids)).toBe(run);
  });

  it("of what tasks work for is one that no task has worked for", async () => {
    const collection_id = newId("collection");
    const row = { _id: newId("taxonomy"), status: "PROCESSING", task_id: "tsk", collection_id };
    expect(await mapRow(kindNamed("taxonomies"), row, ids, TARGET)).toMatchObject({
      status: "DRAFT",
      task_id: null,
      task_version: 0,
      collection_id: ids.map(collection_id),
    });
    const unused = await mapRow(kindNamed("taxonomies"), { ...row, collection_id: null }, ids, "");
    expect(unused["collection_id"]).toBeNull();
  });
});
