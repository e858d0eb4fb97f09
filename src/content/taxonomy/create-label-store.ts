import type { LabelStore, UnlabelledDocument } from "./taxonomy-store.ts";
import type { Database, Query } from "../../ports/database.ts";

const COLLECTION = "documents";

/** The labels that taxonomies put on documents. */
export function createLabelStore(database: Database): LabelStore {
  return {
    unlabelled: async (collectionId, taxonomyId, afterId, limit) => {
      const { rows } = await database.findWithin<UnlabelledDocument>(
        COLLECTION,
        {
          ...unlabelled(collectionId, taxonomyId),
          ...(afterId !== null && { _id: { $gt: afterId } }),
        },
        { sort: { _id: 1 }, limit, projection: { embedding: 1, updated_at: 1 } },
      );
      return rows;
    },
    countUnlabelled: (collectionId, taxonomyId) =>
      database.count(COLLECTION, unlabelled(collectionId, taxonomyId)),
    label: async (taxonomyId, labels, at) => {
      await database.bulkUpdate(
        COLLECTION,
        labels.map(({ document, label }) => ({
          // Written again meanwhile, it is another text; labelled already, by this very step, it is done.
          filter: { _id: document._id, updated_at: document.updated_at },
          update: { $set: { [fieldOf(taxonomyId)]: label, updated_at: at } },
          upsert: false,
        })),
      );
    },
  };
}

function unlabelled(collectionId: string, taxonomyId: string): Query {
  return { collection_id: collectionId, [fieldOf(taxonomyId)]: { $exists: false } };
}

function fieldOf(taxonomyId: string): string {
  return `enrichments.taxonomies.${taxonomyId}`;
}
