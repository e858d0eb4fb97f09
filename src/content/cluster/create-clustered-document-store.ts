import type { ClusteredDocumentStore } from "./cluster-store.ts";
import type { Doc, Database, Query } from "../../ports/database.ts";

const COLLECTION = "documents";

type VectorRow = { readonly _id: string; readonly embedding: Float32Array };

type MarkedRow = VectorRow & {
  readonly enrichments?: {
    readonly clusters?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
};

/** The documents, as clustering sees them. */
export function createClusteredDocumentStore(database: Database): ClusteredDocumentStore {
  return {
    count: (collectionIds) =>
      database.count(COLLECTION, { collection_id: { $in: [...collectionIds] } }),
    ids: async (collectionId, afterId, limit) => {
      const rows = await database.find<Doc>(COLLECTION, beyond(collectionId, afterId), {
        sort: { _id: 1 },
        limit,
        projection: { _id: 1 },
      });
      return rows.map((row) => row._id);
    },
    vectors: async (collectionIds, ids) => {
      const rows = await database.find<VectorRow>(COLLECTION, named(collectionIds, ids), {
        projection: { embedding: 1 },
      });
      const found = new Map(rows.map((row) => [row._id, row]));
      return ids.flatMap((id) => found.get(id) ?? []);
    },
    texts: async (collectionIds, ids) => {
      const { rows } = await database.findWithin<Doc & { readonly text: string }>(
        COLLECTION,
        named(collectionIds, ids),
        { projection: { text: 1 }, limit: ids.length },
      );
      return new Map(rows.map((row) => [row._id, row.text]));
    },
    page: async (collectionId, clusterId, afterId, limit) => {
      const { rows, isCut } = await database.findWithin<MarkedRow>(
        COLLECTION,
        beyond(collectionId, afterId),
        {
          sort: { _id: 1 },
          limit,
          projection: { embedding: 1, [`enrichments.clusters.${clusterId}`]: 1 },
        },
      );
      return {
        rows: rows.map(({ _id, embedding, enrichments }) => ({
          _id,
          embedding,
          runs: Object.keys(enrichments?.clusters?.[clusterId] ?? {}),
        })),
        isLast: !isCut && rows.length < limit,
      };
    },
    assign: async (clusterId, taskId, assignments) => {
      const path = `enrichments.clusters.${clusterId}`;
      await database.bulkUpdate(
        COLLECTION,
        assignments.map(({ documentId, assignment, outdatedRuns }) => ({
          filter: { _id: documentId },
          update: {
            $set: { [`${path}.${taskId}`]: assignment },
            ...(outdatedRuns.length > 0 && {
              $unset: Object.fromEntries(outdatedRuns.map((run) => [`${path}.${run}`, ""])),
            }),
          },
          // A document that was deleted meanwhile stays deleted.
          upsert: false,
        })),
      );
    },
  };
}

function beyond(collectionId: string, afterId: string | null): Query {
  return { collection_id: collectionId, ...(afterId !== null && { _id: { $gt: afterId } }) };
}

function named(collectionIds: readonly string[], ids: readonly string[]): Query {
  return { _id: { $in: [...ids] }, collection_id: { $in: [...collectionIds] } };
}
