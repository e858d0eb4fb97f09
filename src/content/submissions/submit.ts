import type { SubmissionTarget } from "../../contract/submission-target.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { createBatch } from "../batch/create-batch.ts";
import { submitBatch } from "../batch/submit-batch.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { executeCluster } from "../cluster/execute-cluster.ts";
import { startMigration } from "../migration/start-migration.ts";
import { startMaterialization } from "../taxonomy/start-materialization.ts";
import { createExternalTask } from "../../engine/executors/create-external-task.ts";
import type { WhenBusy } from "../../engine/tasks/submit-for-resource.ts";

/**
 * Submits whatever a target names. With a slot that stands for a task already, that task is the
 * answer and nothing is made for it. `whenBusy` is for a cluster and a taxonomy, which one task at a
 * time works for; without it that task is the answer. Throws what the verb of its kind throws.
 */
export async function submit({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: {
    readonly target: SubmissionTarget;
    readonly idempotencySlot: string | null;
    readonly whenBusy?: WhenBusy;
  };
}): Promise<TaskRecord> {
  const { target, ...submission } = input;
  const { idempotencySlot } = submission;
  switch (target.kind) {
    case "task": {
      const { kind: _, ...request } = target;
      return createExternalTask({ ctx, input: { request, idempotencySlot } });
    }
    case "batch": {
      const { kind: _, bucket_id: bucket, batch_id: batch, ...options } = target;
      return submitBatch({ ctx, input: { bucket, batch, options, idempotencySlot } });
    }
    case "bucket":
      return submitBucket(ctx, target, idempotencySlot);
    case "cluster": {
      const { kind: _, cluster_id: cluster, ...options } = target;
      return executeCluster({ ctx, input: { cluster, options, ...submission } });
    }
    case "taxonomy": {
      const { kind: _, taxonomy_id: taxonomy, ...request } = target;
      return startMaterialization({ ctx, input: { taxonomy, request, ...submission } });
    }
    case "migration": {
      const { kind: _, migration_id: migration, ...options } = target;
      return startMigration({ ctx, input: { migration, options, idempotencySlot } });
    }
  }
}

async function submitBucket(
  ctx: NamespaceContext,
  target: Extract<SubmissionTarget, { kind: "bucket" }>,
  idempotencySlot: string | null,
): Promise<TaskRecord> {
  if (idempotencySlot !== null) {
    // The batch is new each time, so the request can't be told by it from another one's.
    const made = await ctx.stores.tasks.findByIdempotencySlot(ctx.namespace._id, idempotencySlot);
    if (made !== null) return made;
  }
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
  return submitBatch({
    ctx,
    input: { bucket: batch.bucket_id, batch: batch._id, options: submission, idempotencySlot },
  });
}
