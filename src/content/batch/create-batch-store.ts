import { TaskStatusEnum } from "../../contract/status.ts";
import type { BatchRecord, BatchStore } from "./batch-store.ts";
import { resourceQuery } from "../../database/filters.ts";
import type { Doc, Database } from "../../ports/database.ts";
import { findPage } from "../../database/keyset.ts";
import { mirrorInto, mirrorManyInto } from "../../database/mirror.ts";
import { AT_REST } from "../../database/work-store.ts";

const COLLECTION = "batches";

const AT_WORK = TaskStatusEnum.options.filter((status) => !AT_REST.includes(status));

/** The batches, which show the status of their tasks. */
export function createBatchStore(database: Database): BatchStore {
  return {
    insert: (batch) => database.insertOne(COLLECTION, batch),
    find: (namespaceId, bucketId, batchId) =>
      database.findOne<BatchRecord>(COLLECTION, {
        _id: batchId,
        namespace_id: namespaceId,
        bucket_id: bucketId,
      }),
    list: (namespaceId, filter, page) =>
      findPage<BatchRecord>(
        database,
        COLLECTION,
        {
          namespace_id: namespaceId,
          ...(filter.parentId !== undefined && { bucket_id: filter.parentId }),
          ...resourceQuery(filter),
        },
        page,
      ),
    mirror: (batchId, task) => mirrorInto<BatchRecord>(database, COLLECTION, batchId, task),
    get: (batchId) => database.findOne<BatchRecord>(COLLECTION, { _id: batchId }),
    mirrorMany: (mirrors) => mirrorManyInto(database, COLLECTION, mirrors),
    unfinishedInto: async (namespaceId, collectionId) => {
      const row = await database.findOne<Doc>(
        COLLECTION,
        {
          collection_id: collectionId,
          namespace_id: namespaceId,
          status: { $in: AT_WORK },
        },
        { projection: { _id: 1 } },
      );
      return row?._id ?? null;
    },
    // The condition on the status settles the race with a submit: whichever write comes second
    // finds the batch at work, or gone.
    remove: async (namespaceId, bucketId, batchId) =>
      (await database.deleteMany(COLLECTION, {
        _id: batchId,
        namespace_id: namespaceId,
        bucket_id: bucketId,
        status: { $in: AT_REST },
      })) > 0,
  };
}
