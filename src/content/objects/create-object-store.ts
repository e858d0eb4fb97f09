import type { ObjectStore } from "./object-store.ts";
import { fromStored, type StoredObject, toStored } from "./content-codec.ts";
import { among, createdWithin, metadataEquals } from "../../database/filters.ts";
import type { Doc, Database } from "../../ports/database.ts";
import { findPage } from "../../database/keyset.ts";

const COLLECTION = "objects";

const ID_ONLY = { _id: 1 } as const;

/** The objects of buckets. Keys are unique by the index `{ bucket_id, key }`. */
export function createObjectStore(database: Database): ObjectStore {
  return {
    insert: (object) => database.insertOne(COLLECTION, toStored(object)),
    insertMany: (objects) => database.insertMany(COLLECTION, objects.map(toStored)),
    find: async (namespaceId, bucketId, idOrKey) => {
      const row = await database.findOne<StoredObject>(COLLECTION, {
        namespace_id: namespaceId,
        bucket_id: bucketId,
        $or: [{ _id: idOrKey }, { key: idOrKey }],
      });
      return row && fromStored(row);
    },
    list: async (namespaceId, filter, page) => {
      const query = {
        namespace_id: namespaceId,
        ...(filter.parentId !== undefined && { bucket_id: filter.parentId }),
        ...among("key", filter.names),
        ...createdWithin(filter.createdFrom, filter.createdBefore),
        ...metadataEquals(filter.metadata),
      };
      const { rows, next } = await findPage<StoredObject>(database, COLLECTION, query, page);
      return { rows: rows.map(fromStored), next };
    },
    remove: async (namespaceId, bucketId, objectId) =>
      (await database.deleteMany(COLLECTION, {
        _id: objectId,
        namespace_id: namespaceId,
        bucket_id: bucketId,
      })) > 0,
    range: async (bucketId, afterId, throughId, limit) => {
      const filter = {
        bucket_id: bucketId,
        _id: { ...(afterId !== null && { $gt: afterId }), $lte: throughId },
      };
      const options = { sort: { _id: 1 }, limit } as const;
      const { rows } = await database.findWithin<StoredObject>(COLLECTION, filter, options);
      return rows.map(fromStored);
    },
    pick: async (bucketId, objectIds) => {
      const filter = { bucket_id: bucketId, _id: { $in: objectIds } };
      const rows = await database.find<StoredObject>(COLLECTION, filter, {
        limit: objectIds.length,
      });
      return rows.map(fromStored);
    },
    existing: async (bucketId, objectIds) => {
      const filter = { bucket_id: bucketId, _id: { $in: objectIds } };
      const rows = await database.find<Doc>(COLLECTION, filter, {
        projection: ID_ONLY,
        limit: objectIds.length,
      });
      return rows.map((row) => row._id);
    },
    extent: async (bucketId) => {
      const filter = { bucket_id: bucketId };
      const last = await database.findOne<Doc>(COLLECTION, filter, {
        sort: { _id: -1 },
        projection: ID_ONLY,
      });
      if (last === null) return null;
      const count = await database.count(COLLECTION, { ...filter, _id: { $lte: last._id } });
      return { count, lastId: last._id };
    },
  };
}
