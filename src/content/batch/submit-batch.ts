import { BucketId } from "../../contract/ids.ts";
import { isTerminal } from "../../contract/status.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { getBucket } from "../buckets/get-bucket.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError, notFound } from "../../engine/errors.ts";
import { createTask } from "../../engine/tasks/create-task.ts";
import type { Submission } from "../../engine/tasks/new-task.ts";
import { createBatchStore } from "./create-batch-store.ts";
import { processBatch } from "./job/process-batch.ts";

/**
 * Submits a batch: creates the task that processes it. Submitting it again returns the same task,
 * whether the first submission is finished, in progress, or died half-way: the task's id was chosen
 * with the batch, and its unique `_id` lets one insert win. Throws `not_found`, and `not_a_draft`
 * when the batch outlived its task.
 */
export async function submitBatch({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly bucket: string; readonly batch: string } & Submission;
}): Promise<TaskRecord> {
  // An id needs no look-up of the bucket, which keeps a submit within three operations.
  const bucketId = BucketId.safeParse(input.bucket).success
    ? input.bucket
    : (await getBucket({ ctx, input }))._id;
  const batch = await createBatchStore(ctx.database).find(ctx.namespace._id, bucketId, input.batch);
  if (batch === null) throw notFound("batch", input.batch);
  if (batch.status !== "DRAFT") {
    // A retry has replaced its task since.
    const taskId = batch.task_id ?? batch.reserved_task_id;
    const submitted = await ctx.stores.tasks.find(ctx.namespace._id, taskId);
    if (submitted !== null) return submitted;
    if (isTerminal(batch.status)) {
      throw new DomainError(
        "not_a_draft",
        "The batch ended, and its task is past retention. Make a new batch.",
      );
    }
  }
  return createTask({
    ctx,
    input: {
      taskId: batch.reserved_task_id,
      taskType: processBatch.type,
      resourceId: batch._id,
      jobInput: { bucket_id: batch.bucket_id, batch_id: batch._id },
      inputs: [batch._id],
      additionalData: {
        batch_id: batch._id,
        bucket_id: batch.bucket_id,
        collection_id: batch.collection_id,
        job_id: ctx.runtime.newId("job"),
      },
      options: input.options,
      keyed: input.keyed,
    },
  });
}
