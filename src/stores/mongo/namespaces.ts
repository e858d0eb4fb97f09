import { UNFINISHED_STATUSES } from "../../contract/status.ts";
import type { NamespaceRecord, NamespaceStore } from "../../ports/namespace-store.ts";
import { resourceQuery } from "./filters.ts";
import type { Doc, MongoGateway, Query } from "./gateway.ts";
import { findPage } from "./keyset.ts";

const COLLECTION = "namespaces";

/** The namespaces of the deployment. Names are unique by the index `{ name }`. */
export function createNamespaceStore(gateway: MongoGateway): NamespaceStore {
  return {
    insert: (namespace) => gateway.insertOne(COLLECTION, namespace),
    find: (idOrName) =>
      gateway.findOne<NamespaceRecord>(COLLECTION, {
        $or: [{ _id: idOrName }, { name: idOrName }],
      }),
    list: (ids, filter, page) =>
      findPage<NamespaceRecord>(
        gateway,
        COLLECTION,
        { ...(ids && { _id: { $in: ids } }), ...resourceQuery(filter) },
        page,
      ),
    isInUse: async (namespaceId) => {
      const inside = { namespace_id: namespaceId };
      const found = await Promise.all([
        exists(gateway, "buckets", inside),
        exists(gateway, "collections", inside),
        exists(gateway, "taxonomies", inside),
        exists(gateway, "migrations", inside),
        exists(gateway, "schedules", inside),
        exists(gateway, "clusters", inside),
        exists(gateway, "webhooks", inside),
        exists(gateway, "tasks", { ...inside, status: { $in: UNFINISHED_STATUSES } }),
      ]);
      return found.includes(true);
    },
    // Only of a DRAFT or of one that this very write has made ACTIVE: sent twice it matches again.
    activate: async (namespaceId, at) =>
      (await gateway.updateOne(
        COLLECTION,
        { _id: namespaceId, status: { $in: ["DRAFT", "ACTIVE"] } },
        { $set: { status: "ACTIVE", updated_at: at } },
      )) > 0,
    remove: async (namespaceId) => (await gateway.deleteMany(COLLECTION, { _id: namespaceId })) > 0,
  };
}

async function exists(gateway: MongoGateway, collection: string, filter: Query): Promise<boolean> {
  const projection = { _id: 1 } as const;
  return (await gateway.findOne<Doc>(collection, filter, { projection })) !== null;
}
