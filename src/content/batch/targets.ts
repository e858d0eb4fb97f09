import { BatchTarget, BucketTarget } from "../../contract/submission-target.ts";
import { DomainError } from "../../engine/errors.ts";
import { defineTarget } from "../../engine/submissions/define-target.ts";
import { createBatch } from "./create-batch.ts";
import { submitBatch } from "./submit-batch.ts";

/** A batch that is there already. */
export const BATCH_TARGET = defineTarget({
  kind: "batch",
  schema: BatchTarget,
  submit: ({ ctx, target, idempotencySlot }) => {
    const { kind: _, bucket_id: bucket, batch_id: batch, ...options } = target;
    return submitBatch({ ctx, input: { bucket, batch, options, idempotencySlot } });
  },
});

/** A new batch of all that a bucket holds when its job starts. */
export const BUCKET_TARGET = defineTarget({
  kind: "bucket",
  schema: BucketTarget,
  example: { kind: "bucket", bucket_id: "letters", collection_id: "passages" },
  submit: async ({ ctx, target, idempotencySlot }) => {
    // The batch is new each time, so the request can't be told by it from another one's.
    const findMade = async () =>
      idempotencySlot === null
        ? null
        : ctx.stores.tasks.findByIdempotencySlot(ctx.namespace._id, idempotencySlot);
    const made = await findMade();
    if (made !== null) return made;
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
      input: { bucket, batch: { all: true, collection_id, options, metadata } },
    });
    try {
      return await submitBatch({
        ctx,
        input: { bucket: batch.bucket_id, batch: batch._id, options: submission, idempotencySlot },
      });
    } catch (error) {
      // Of two copies that came at once, the other one made the task, with its own batch.
      const isTaken = error instanceof DomainError && error.code === "idempotency_key_reused";
      const first = isTaken ? await findMade() : null;
      if (first === null) throw error;
      return first;
    }
  },
});
