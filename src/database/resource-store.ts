import type { ResourceRecord, ResourceStore } from "../ports/resource-store.ts";
import { resourceQuery } from "./filters.ts";
import type { Database } from "../ports/database.ts";
import { findPage } from "./keyset.ts";

/**
 * The store of a kind of resource that is only made, read and deleted (buckets, collections).
 * Names are unique by the index `{ namespace_id, name }`.
 */
export function createResourceStore<Row extends ResourceRecord>(
  database: Database,
  collection: string,
): ResourceStore<Row> {
  return {
    insert: (row) => database.insertOne(collection, row),
    find: (namespaceId, idOrName) =>
      database.findOne<Row>(collection, {
        namespace_id: namespaceId,
        $or: [{ _id: idOrName }, { name: idOrName }],
      }),
    list: (namespaceId, filter, page) =>
      findPage<Row>(
        database,
        collection,
        { namespace_id: namespaceId, ...resourceQuery(filter) },
        page,
      ),
    remove: async (namespaceId, id) =>
      (await database.deleteMany(collection, { _id: id, namespace_id: namespaceId })) > 0,
  };
}
