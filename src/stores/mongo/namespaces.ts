import { UNFINISHED_STATUSES } from "../../contract/status.ts";
import type { NamespaceRecord, NamespaceStore } from "../../ports/namespace-store.ts";
import { resourceQuery } from "../../database/filters.ts";
import type { Doc, Database, Query } from "../../ports/database.ts";
import { findPage } from "../../database/keyset.ts";

const COLLECTION = "namespaces";

/** The namespaces of the deployment. Names are unique by the index `{ name }`. */
export function createNamespaceStore(database: Database): NamespaceStore {
  return {
    insert: (namespace) => database.insertOne(COLLECTION, namespace),
    find: (idOrName) =>
      database.findOne<NamespaceRecord>(COLLECTION, {
        $or: [{ _id: idOrName }, { name: idOrName }],
      }),
    list: (ids, filter, page) =>
      findPage<NamespaceRecord>(
        database,
        COLLECTION,
        { ...(ids && { _id: { $in: ids } }), ...resourceQuery(filter) },
        page,
      ),
    contents: async (namespaceId, ofApps) => {
      const inside = { namespace_id: namespaceId };
      const unfinished = { ...inside, status: { $in: UNFINISHED_STATUSES } };
      const looks = [
        ...[...ofApps, "schedules", "webhooks"].map((name) => ({
          name,
          collection: name,
          filter: inside,
        })),
        { name: "tasks that have not ended", collection: "tasks", filter: unfinished },
      ];
      const found = await Promise.all(
        looks.map(({ collection, filter }) => exists(database, collection, filter)),
      );
      return looks.flatMap(({ name }, index) => (found[index] ? [name] : []));
    },
    // Matches a DRAFT, or a namespace that this very write made ACTIVE, so repeating it matches
    // again.
    activate: async (namespaceId, at) =>
      (await database.updateOne(
        COLLECTION,
        { _id: namespaceId, status: { $in: ["DRAFT", "ACTIVE"] } },
        { $set: { status: "ACTIVE", updated_at: at } },
      )) > 0,
    remove: async (namespaceId) =>
      (await database.deleteMany(COLLECTION, { _id: namespaceId })) > 0,
  };
}

async function exists(database: Database, collection: string, filter: Query): Promise<boolean> {
  const projection = { _id: 1 } as const;
  return (await database.findOne<Doc>(collection, filter, { projection })) !== null;
}
