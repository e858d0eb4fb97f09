import { BatchTarget, BucketTarget } from "../../contract/submission-target.ts";
import { defineTarget } from "../../engine/submissions/define-target.ts";
import { createBatch } from "./create-batch.ts";
import { submitBatch } from "./submit-batch.ts";

/** An existing batch. */
export const BATCH_TARGET = defineTarget({
  kind: "batch",
  schema: BatchTarget,
  submit: ({ ctx, target, keyed }) => {
    const { kind: _, bucket_id: bucket, batch_id: batch, ...options } = target;
    return submitBatch({ ctx, input: { bucket, batch, options, keyed } });
  },
});

/** A new batch of all objects in a bucket when its job starts. */
export const BUCKET_TARGET = defineTarget({
  kind: "bucket",
  schema: BucketTarget,
  example: { kind: "bucket", bucket_id: "letters", collection_id: "passages" },
  submit: async ({ ctx, target, keyed }) => {
    const {
      kind: _,
      bucket_id: bucket,
      collection_id,
      batch_options: options,
      batch_metadata: metadata,
      ...submission
    } = target;
    const batch = await createBatch({
      ctx,
      input: { bucket, batch: { all: true, collection_id, options, metadata }, keyed },
    });
    return submitBatch({
      ctx,
      input: { bucket: batch.bucket_id, batch: batch._id, options: submission, keyed },
    });
  },
});
