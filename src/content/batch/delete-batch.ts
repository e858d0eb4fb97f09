import { isTerminal } from "../../contract/status.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import { getBatch } from "./get-batch.ts";
import { createBatchStore } from "./create-batch-store.ts";

/**
 * Deletes a batch that is a DRAFT or whose task has ended; its documents stay. Throws `not_found`,
 * and `resource_in_use` while its task has not ended.
 *
 * The store's conditional delete decides the race with a submission that the batch already shows. A
 * submission whose task exists but isn't shown yet is found by the task's reserved id.
 */
export async function deleteBatch({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly bucket: string; readonly batch: string };
}): Promise<void> {
  const batch = await getBatch({ ctx, input });
  const task =
    batch.status === "DRAFT"
      ? await ctx.stores.tasks.find(ctx.namespace._id, batch.reserved_task_id)
      : null;
  const running = task !== null && !isTerminal(task.status);
  const removed =
    !running &&
    (await createBatchStore(ctx.database).remove(ctx.namespace._id, batch.bucket_id, batch._id));
  if (removed) return;
  // Deleted meanwhile: by another call, or by this one, whose response was lost.
  if (
    (await createBatchStore(ctx.database).find(ctx.namespace._id, batch.bucket_id, batch._id)) ===
    null
  )
    return;
  throw new DomainError(
    "resource_in_use",
    `The batch's task "${batch.reserved_task_id}" has not ended. Wait for it, or kill it first.`,
  );
}
