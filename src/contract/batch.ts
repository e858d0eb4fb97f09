import { z } from "zod";
import { Metadata, oneOrMany, PageRequest, Timestamp, TimeRange } from "./common.ts";
import { BatchId, BucketId, CollectionId, IdOrName, NamespaceId, ObjectId, TaskId } from "./ids.ts";
import { TaskStatusEnum } from "./status.ts";

/** How many objects a batch may name; `all` has no such limit. */
export const MAX_BATCH_OBJECTS = 10_000;

/** How text is split by default; lengths in characters. */
export const DEFAULT_BATCH_OPTIONS = { chunk_size: 1000, chunk_overlap: 100 } as const;

/** How a batch splits text into documents; lengths in characters. */
export const BatchOptions = z
  .strictObject({
    chunk_size: z.int().min(200).max(8000).default(DEFAULT_BATCH_OPTIONS.chunk_size),
    /** How much of a chunk's end the next chunk repeats: at most half of the chunk. */
    chunk_overlap: z.int().min(0).default(DEFAULT_BATCH_OPTIONS.chunk_overlap),
  })
  .refine((options) => options.chunk_overlap <= options.chunk_size / 2, {
    path: ["chunk_overlap"],
    error: "expected at most half of chunk_size",
  });

export type BatchOptions = z.infer<typeof BatchOptions>;

/** `POST /v1/buckets/{bucket_id}/batches`. A batch may be empty; its task ends SKIPPED. */
export const CreateBatchRequest = z
  .strictObject({
    object_ids: z.array(ObjectId).max(MAX_BATCH_OBJECTS).optional(),
    /** Every object in the bucket when the job starts. */
    all: z.literal(true).optional(),
    collection_id: IdOrName,
    options: BatchOptions.optional(),
    metadata: Metadata.optional(),
  })
  .refine((batch) => (batch.object_ids === undefined) !== (batch.all === undefined), {
    error: 'expected exactly one of "object_ids" and "all"',
  });

export type CreateBatchRequest = z.infer<typeof CreateBatchRequest>;

/** `POST /v1/buckets/{bucket_id}/batches/list`. */
export const BatchListRequest = z.strictObject({
  status: oneOrMany(TaskStatusEnum).optional(),
  created_at: TimeRange.optional(),
  metadata: Metadata.optional(),
  ...PageRequest,
});

export type BatchListRequest = z.infer<typeof BatchListRequest>;

/** Which objects of a bucket become documents of a collection, and the progress of that work. */
export const Batch = z.object({
  batch_id: BatchId,
  namespace_id: NamespaceId,
  bucket_id: BucketId,
  collection_id: CollectionId,
  /** null: all objects in the bucket when the job started. */
  object_ids: z.array(ObjectId).nullable(),
  options: z.object({ chunk_size: z.int(), chunk_overlap: z.int() }),
  metadata: Metadata,
  /** DRAFT until submitted, then its task's status. */
  status: TaskStatusEnum,
  task_id: TaskId.nullable(),
  error_message: z.string().nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type Batch = z.infer<typeof Batch>;
