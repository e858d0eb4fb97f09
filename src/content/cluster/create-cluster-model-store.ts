import type {
  ClusterModelRecord,
  ClusterModelStore,
  ClusterPart,
  ClusterResultRecord,
} from "./cluster-store.ts";
import type { Doc, Database } from "../../ports/database.ts";

const COLLECTION = "cluster_models";

type PartRecord = {
  readonly _id: string;
  readonly kind: "page" | "shard";
  readonly ids: readonly string[];
};

const SHOWN = { inertia: 1, silhouette: 1, iterations: 1, sizes: 1 } as const;

/** The runs of clusters, each with its parts. */
export function createClusterModelStore(database: Database): ClusterModelStore {
  return {
    create: async (model) => {
      await database.insertOne(COLLECTION, model);
    },
    read: async (taskId, parts) => {
      const names = parts.map((part) => partId(taskId, part));
      const rows = await database.find<ClusterModelRecord | PartRecord>(COLLECTION, {
        _id: { $in: [taskId, ...names] },
      });
      const ids = new Map<string, readonly string[]>();
      let model: ClusterModelRecord | null = null;
      for (const row of rows) {
        if (row.kind === "model") model = row;
        else ids.set(row._id, row.ids);
      }
      return model === null ? null : { model, parts: names.map((name) => ids.get(name) ?? []) };
    },
    advance: async (taskId, step, changes) => {
      await database.bulkUpdate(COLLECTION, [
        {
          filter: { _id: taskId, step },
          update: { $set: { ...changes, step: step + 1 } },
          upsert: false,
        },
      ]);
    },
    writeParts: async (model, parts) => {
      await database.bulkUpdate(
        COLLECTION,
        parts.map((part) => ({
          filter: { _id: partId(model._id, part) },
          update: {
            $set: {
              namespace_id: model.namespace_id,
              cluster_id: model.cluster_id,
              task_id: model._id,
              kind: part.kind,
              ids: part.ids,
            },
          },
          upsert: true,
        })),
      );
    },
    removeRun: async (taskId, keep) => {
      await database.deleteMany(COLLECTION, {
        task_id: taskId,
        ...(keep === "model" && { kind: { $in: ["page", "shard"] } }),
      });
    },
    doneRuns: async (clusterId) => {
      const rows = await database.find<Doc>(
        COLLECTION,
        { cluster_id: clusterId, phase: "done" },
        { projection: { _id: 1 } },
      );
      return rows.map((row) => row._id);
    },
    removeOlder: async (clusterId, taskId, kept) => {
      await database.deleteMany(COLLECTION, {
        cluster_id: clusterId,
        task_id: { $lt: taskId, $nin: kept },
      });
    },
    removeAll: async (clusterId) => {
      await database.deleteMany(COLLECTION, { cluster_id: clusterId });
    },
    results: async (taskIds, withClusters) => {
      const rows = await database.find<ClusterResultRecord>(
        COLLECTION,
        { _id: { $in: taskIds } },
        { projection: withClusters ? { ...SHOWN, clusters: 1 } : SHOWN },
      );
      return new Map(rows.map((row) => [row._id, row]));
    },
  };
}

function partId(taskId: string, part: ClusterPart): string {
  return `${taskId}.${part.kind}.${part.number}`;
}
