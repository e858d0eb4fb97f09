import { isTerminal, type TaskStatus, TaskStatusEnum } from "../../contract/status.ts";
import type { BatchRecord, BatchStore } from "../../ports/batch-store.ts";
import { isOlderThan, resourceQuery } from "./filters.ts";
import type { Doc, MongoGateway } from "./gateway.ts";
import { findPage } from "./keyset.ts";

const COLLECTION = "batches";

/** No task works for the batch: none was made yet, or it has ended. */
const AT_REST: readonly TaskStatus[] = TaskStatusEnum.options.filter(
  (status) => status === "DRAFT" || isTerminal(status),
);

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
    mirror: async (batchId, task) => {
      // Settles the race between mirrors of two versions, and of a task and its retry, whose id is
      // greater: the older one matches nothing. So does the same one sent again, which then reads
      // what it wrote itself.
      const written = await gateway.findOneAndUpdate<BatchRecord>(
        COLLECTION,
        { _id: batchId, ...isOlderThan(task) },
        {
          $set: {
            status: task.status,
            error_message: task.error_message,
            task_id: task.task_id,
            task_version: task.version,
            updated_at: task.updated_at,
          },
        },
      );
      return written ?? gateway.findOne<BatchRecord>(COLLECTION, { _id: batchId });
    },
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
