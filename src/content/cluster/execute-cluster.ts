import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import {
  type ResourceSubmission,
  submitForResource,
} from "../../engine/tasks/submit-for-resource.ts";
import { findCluster } from "./get-cluster.ts";
import { buildCluster } from "./job/build-cluster.ts";

/**
 * Creates a task that finds the cluster's groups. If one is already running, returns that one, or
 * does what `whenBusy` says. The previous results stay until this task is COMPLETED. Throws
 * `not_found` and `idempotency_key_reused`.
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
