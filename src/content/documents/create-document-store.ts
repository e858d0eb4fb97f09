import type {
  DocumentFilter,
  DocumentRecord,
  DocumentRow,
  DocumentStore,
  ObjectRange,
} from "./document-store.ts";
import { among, createdWithin, metadataEquals } from "../../database/filters.ts";
import type { BulkUpdate, Doc, Database, Query } from "../../ports/database.ts";
import { findPage } from "../../database/keyset.ts";

const COLLECTION = "documents";

/** How many documents one command deletes: a collection of a million must not outlast a time-out. */
const DELETED_AT_ONCE = 2000;

/** The documents of collections. */
export function createDocumentStore(database: Database): DocumentStore {
  return {
    writeMany: async (documents) => {
      if (documents.length > 0) await database.bulkUpdate(COLLECTION, documents.map(wholeWrite));
    },
    find: (namespaceId, collectionId, documentId) =>
      database.findOne<DocumentRecord>(COLLECTION, {
        _id: documentId,
        namespace_id: namespaceId,
        collection_id: collectionId,
      }),
    countOf: (taskId, collectionId, objects) =>
      database.count(COLLECTION, {
        collection_id: collectionId,
        object_id: objectQuery(objects),
        task_id: taskId,
      }),
    list: (namespaceId, filter, page, withVectors) =>
      findPage<DocumentRow>(
        database,
        COLLECTION,
        documentQuery(namespaceId, filter),
        page,
        withVectors ? undefined : { embedding: 0 },
      ),
    remove: async (namespaceId, collectionId, documentId) =>
      (await database.deleteMany(COLLECTION, {
        _id: documentId,
        namespace_id: namespaceId,
        collection_id: collectionId,
      })) > 0,
    removeAll: (namespaceId, collectionId) =>
      removeInParts(database, { namespace_id: namespaceId, collection_id: collectionId }),
  };
}

function objectQuery(objects: ObjectRange): Query {
  if ("ids" in objects) return { $in: objects.ids };
  const { afterId, throughId } = objects;
  return { ...(afterId !== null && { $gt: afterId }), $lte: throughId };
}

function documentQuery(namespaceId: string, filter: DocumentFilter): Query {
  return {
    namespace_id: namespaceId,
    collection_id: filter.collectionId,
    ...among("object_id", filter.objectIds),
    ...createdWithin(filter.createdFrom, filter.createdBefore),
    ...metadataEquals(filter.metadata),
  };
}

/**
 * Every document has every field, so that setting them all replaces what was there; but for the
 * time of its making, by which lists are in order: a row that moved could be missed between two pages.
 */
function wholeWrite({ _id, created_at, ...fields }: DocumentRecord): BulkUpdate {
  return {
    filter: { _id },
    update: { $set: fields, $setOnInsert: { created_at } },
    upsert: true,
  };
}

async function removeInParts(database: Database, filter: Query): Promise<number> {
  let removed = 0;
  for (;;) {
    const rows = await database.find<Doc>(COLLECTION, filter, {
      projection: { _id: 1 },
      limit: DELETED_AT_ONCE,
    });
    if (rows.length === 0) return removed;
    const ids = rows.map((row) => row._id);
    removed += await database.deleteMany(COLLECTION, { ...filter, _id: { $in: ids } });
  }
}
