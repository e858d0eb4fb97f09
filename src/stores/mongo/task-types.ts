import type { TaskTypeRecord, TaskTypeStore } from "../../ports/task-type-store.ts";
import { beginningWith, resourceQuery } from "../../database/filters.ts";
import type { Database } from "../../ports/database.ts";
import { findPage } from "../../database/keyset.ts";

const COLLECTION = "task_types";

/** The registered task types; unique by the index `{ namespace_id, name }`. */
export function createTaskTypeStore(database: Database): TaskTypeStore {
  return {
    put: async (record) => {
      const outcome = await database.insertOne(COLLECTION, record);
      if (outcome.kind === "inserted") return { kind: "created" };
      const {
        _id,
        namespace_id,
        name,
        created_at: _made,
        sealed_secret: _secret,
        ...fields
      } = record;
      const replaced = await database.findOneAndUpdate<TaskTypeRecord>(
        COLLECTION,
        { namespace_id, name },
        { $set: fields },
      );
      // Repeated after a lost response, the insert finds its own row, whose secret has not been
      // shown.
      return replaced === null || replaced._id === _id
        ? { kind: "created" }
        : { kind: "replaced", record: replaced };
    },
    find: (namespaceId, type) =>
      database.findOne<TaskTypeRecord>(COLLECTION, { namespace_id: namespaceId, name: type }),
    list: (namespaceId, filter, page) =>
      findPage<TaskTypeRecord>(
        database,
        COLLECTION,
        { namespace_id: namespaceId, ...resourceQuery(filter) },
        page,
      ),
    sealedWith: (prefix, afterId, limit) =>
      database.find<TaskTypeRecord>(
        COLLECTION,
        {
          sealed_secret: beginningWith(prefix),
          ...(afterId !== null && { _id: { $gt: afterId } }),
        },
        { sort: { _id: 1 }, limit },
      ),
    reseal: async (type, sealedSecret) => {
      await database.updateOne(
        COLLECTION,
        { _id: type._id, sealed_secret: type.sealed_secret },
        { $set: { sealed_secret: sealedSecret } },
      );
    },
    remove: async (namespaceId, type) =>
      (await database.deleteMany(COLLECTION, { namespace_id: namespaceId, name: type })) > 0,
  };
}
