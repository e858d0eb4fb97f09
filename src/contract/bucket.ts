import { z } from "zod";
import { Metadata, Timestamp } from "./common.ts";
import { BucketId, NamespaceId, ResourceName } from "./ids.ts";
import { TaskStatusEnum } from "./status.ts";

/** `POST /v1/buckets`. */
export const CreateBucketRequest = z.strictObject({
  name: ResourceName,
  metadata: Metadata.optional(),
});

export type CreateBucketRequest = z.infer<typeof CreateBucketRequest>;

/** Holds the objects that batches read. */
export const Bucket = z.object({
  bucket_id: BucketId,
  namespace_id: NamespaceId,
  name: z.string(),
  status: TaskStatusEnum,
  metadata: Metadata,
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type Bucket = z.infer<typeof Bucket>;
