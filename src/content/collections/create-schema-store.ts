import type { CollectionRecord, SchemaStore } from "./collection-store.ts";
import type { Database } from "../../ports/database.ts";

const COLLECTION = "collections";

/** The schemas of collections, in the collection `collections`. */
export function createSchemaStore(database: Database): SchemaStore {
  return {
    read: (namespaceId, collectionId) =>
      database.findOne<CollectionRecord>(COLLECTION, {
        _id: collectionId,
        namespace_id: namespaceId,
      }),
    // A write whose answer was lost and that is repeated matches nothing, and looks like another's:
    // what it grew by is found there when the schema is read again.
    grow: async (collectionId, revision, schema, at) =>
      (await database.updateOne(
        COLLECTION,
        // Equal to null is also what was never grown.
        { _id: collectionId, "schema.revision": revision ?? null },
        { $set: { schema, updated_at: at } },
      )) > 0,
  };
}
