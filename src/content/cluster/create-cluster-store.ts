import type { ClusterRecord, ClusterStore } from "./cluster-store.ts";
import type { Database } from "../../ports/database.ts";
import { mirrorInto } from "../../database/mirror.ts";
import { createWorkStore } from "../../database/work-store.ts";

const COLLECTION = "clusters";

/** The clusters, which show the status of their newest tasks and the results of the last COMPLETED one. */
export function createClusterStore(database: Database): ClusterStore {
  const mirror: ClusterStore["mirror"] = async (clusterId, task) => {
    if (task.status !== "COMPLETED") {
      return mirrorInto<ClusterRecord>(database, COLLECTION, clusterId, task);
    }
    const shown = { result_task_id: task.task_id };
    const cluster = await mirrorInto<ClusterRecord>(database, COLLECTION, clusterId, task, shown);
    if (cluster !== null) return cluster;
    // Where it shows a newer task's status already, which has no results yet, these are to be seen.
    await database.updateOne(
      COLLECTION,
      {
        _id: clusterId,
        $or: [{ result_task_id: null }, { result_task_id: { $lt: task.task_id } }],
      },
      // Whoever looks for late writes goes by the time.
      { $set: shown, $max: { updated_at: task.updated_at } },
    );
    return null;
  };
  return {
    ...createWorkStore<ClusterRecord>(database, COLLECTION),
    mirror,
    // Each shows its results with its own write.
    mirrorMany: async (mirrors) => {
      for (const { resourceId, task } of mirrors) await mirror(resourceId, task);
    },
    shownRuns: async (namespaceId, clusterIds) => {
      const rows = await database.find<Pick<ClusterRecord, "_id" | "result_task_id">>(
        COLLECTION,
        { _id: { $in: clusterIds }, namespace_id: namespaceId },
        { projection: { result_task_id: 1 } },
      );
      return new Map(
        rows.flatMap((row) => (row.result_task_id === null ? [] : [[row._id, row.result_task_id]])),
      );
    },
  };
}
