import { TaskStatusEnum } from "../../contract/status.ts";
import type { BatchRecord, BatchStore } from "../../ports/batch-store.ts";
import { resourceQuery } from "./filters.ts";
import type { Doc, MongoGateway } from "./gateway.ts";
import { findPage } from "./keyset.ts";
import { mirrorInto, mirrorManyInto } from "./mirror.ts";
import { AT_REST } from "./works.ts";

const COLLECTION = "batches";

const AT_WORK = TaskStatusEnum.options.filter((status) => !AT_REST.includes(status));

/** The batches, which show the status of their tasks. */
export function createBatchStore(gateway: MongoGateway): BatchStore {
  return {
    insert: (batch) => gateway.insertOne(COLLECTION, batch),
    find: (namespaceId, bucketId, batchId) =>
      gateway.findOne<BatchRecord>(COLLECTION, {
        _id: batchId,
        namespace_id: namespaceId,
        bucket_id: bucketId,
      }),
    list: (namespaceId, filter, page) =>
      findPage<BatchRecord>(
        gateway,
        COLLECTION,
        {
          namespace_id: namespaceId,
          ...(filter.parentId !== undefined && { bucket_id: filter.parentId }),
          ...resourceQuery(filter),
        },
        page,
      ),
    mirror: (batchId, task) => mirrorInto<BatchRecord>(gateway, COLLECTION, batchId, task),
    get: (batchId) => gateway.findOne<BatchRecord>(COLLECTION, { _id: batchId }),
    mirrorMany: (mirrors) => mirrorManyInto(gateway, COLLECTION, mirrors),
    unfinishedInto: async (namespaceId, collectionId) => {
      const row = await gateway.findOne<Doc>(
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
      (await gateway.deleteMany(COLLECTION, {
        _id: batchId,
        namespace_id: namespaceId,
        bucket_id: bucketId,
        status: { $in: AT_REST },
      })) > 0,
  };
}
