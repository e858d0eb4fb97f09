import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import {
  type ResourceSubmission,
  submitForResource,
} from "../../engine/tasks/submit-for-resource.ts";
import { findCluster } from "./get-cluster.ts";
import { buildCluster } from "./job/build-cluster.ts";

/**
 * Makes a task that finds the cluster's groups, unless one does already: then that one is answered,
 * or what else `whenBusy` says. The results of the run before stay until this one is COMPLETED.
 * Throws `not_found` and `idempotency_key_reused`.
 */
export async function executeCluster({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly cluster: string } & ResourceSubmission;
}): Promise<TaskRecord> {
  const cluster = await findCluster({ ctx, input });
  return submitForResource({
    ctx,
    task: {
      taskType: buildCluster.type,
      resourceId: cluster._id,
      jobInput: { cluster_id: cluster._id },
      inputs: [cluster._id],
      additionalData: { cluster_id: cluster._id, collection_ids: cluster.collection_ids },
    },
    submission: input,
  });
}
