import { isTerminal } from "../../contract/status.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import { heldSlot } from "../../engine/keyed-request.ts";
import { createClusterModelStore } from "./create-cluster-model-store.ts";
import { createClusterStore } from "./create-cluster-store.ts";
import { findCluster } from "./get-cluster.ts";

/**
 * Deletes a cluster that no task works for, with everything that its runs found. Throws `not_found`,
 * and `resource_in_use` while a task works for it.
 *
 * Its assignments are not shown from then on; what they take in the documents goes when a batch
 * writes the documents again, or with their collection. The runs go before the cluster, so that
 * after a crash it is still there to be deleted again. An execute between the look and the deletion
 * is settled by the store's condition on the status, or by its job, which finds no cluster.
 */
export async function deleteCluster({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly cluster: string };
}): Promise<void> {
  const { tasks } = ctx.stores;
  const clusters = createClusterStore(ctx.database);
  const cluster = await findCluster({ ctx, input });
  const task = await tasks.findBySingletonSlot(ctx.namespace._id, heldSlot(cluster._id));
  if (task !== null && !isTerminal(task.status)) throw inUse(task._id);
  await createClusterModelStore(ctx.database).removeAll(cluster._id);
  if (await clusters.removeAtRest(ctx.namespace._id, cluster._id)) return;
  // Deleted meanwhile: by another call, or by this one, whose response was lost.
  const still = await clusters.find(ctx.namespace._id, cluster._id);
  if (still !== null) throw inUse(still.task_id ?? "just made");
}

function inUse(taskId: string): DomainError {
  return new DomainError(
    "resource_in_use",
    `The cluster's task "${taskId}" has not ended. Wait for it, or kill it first.`,
  );
}
