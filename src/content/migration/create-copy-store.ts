import type { CopiedRow, CopyStore, RowOutline } from "./migration-store.ts";
import type { Doc, Database, Query } from "../../ports/database.ts";

/** How many rows one command deletes: a million must not outlast a time-out. */
const DELETED_AT_ONCE = 2000;

const ID_ONLY = { _id: 1 } as const;

const IN_ORDER = { _id: 1 } as const;

/** The rows of namespaces, read along the index `{ namespace_id, _id }` of each kind. */
export function createCopyStore(database: Database): CopyStore {
  return {
    count: ({ name, only }, namespaceId) =>
      database.count(name, { namespace_id: namespaceId, ...only }),
    page: async ({ name, only }, namespaceId, afterId, limit) => {
      const filter = { ...beyond(namespaceId, afterId), ...only };
      const { rows, isCut } = await database.findWithin<CopiedRow>(name, filter, {
        sort: IN_ORDER,
        limit,
      });
      return { rows, isLast: !isCut && rows.length < limit };
    },
    outline: ({ name, only }, namespaceId, afterId, limit) =>
      database.find<RowOutline>(
        name,
        { ...beyond(namespaceId, afterId), ...only },
        { sort: IN_ORDER, limit, projection: { _id: 1, updated_at: 1 } },
      ),
    pick: async ({ name, only }, namespaceId, ids) => {
      const filter = { ...named(namespaceId, ids), ...only };
      const { rows, isCut } = await database.findWithin<CopiedRow>(name, filter, {
        sort: IN_ORDER,
        limit: ids.length,
      });
      return { rows, isLast: !isCut };
    },
    existing: async ({ name, only }, namespaceId, ids) => {
      const filter = { ...named(namespaceId, ids), ...only };
      const rows = await database.find<Doc>(name, filter, { projection: ID_ONLY });
      return new Set(rows.map((row) => row._id));
    },
    write: async ({ name }, rows) =>
      database.bulkUpdate(
        name,
        rows.map(({ _id, ...fields }) => ({
          // The namespace, so that whatever the id, no other namespace's row is ever written over.
          filter: { _id, namespace_id: fields["namespace_id"] },
          update: { $set: fields },
          upsert: true,
        })),
      ),
    remove: async ({ name }, namespaceId, ids) => {
      await database.deleteMany(name, named(namespaceId, ids));
    },
    removeAll: async ({ name }, namespaceId) => {
      for (;;) {
        const filter = { namespace_id: namespaceId };
        const options = { projection: ID_ONLY, limit: DELETED_AT_ONCE };
        const rows = await database.find<Doc>(name, filter, options);
        if (rows.length === 0) return;
        const ids = rows.map((row) => row._id);
        await database.deleteMany(name, named(namespaceId, ids));
      }
    },
  };
}

function beyond(namespaceId: string, afterId: string | null): Query {
  return { namespace_id: namespaceId, ...(afterId !== null && { _id: { $gt: afterId } }) };
}

function named(namespaceId: string, ids: readonly string[]): Query {
  return { _id: { $in: ids }, namespace_id: namespaceId };
}
