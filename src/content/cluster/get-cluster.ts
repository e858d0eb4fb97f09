import type { ClusterRecord, ClusterResultRecord } from "./cluster-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { notFound } from "../../engine/errors.ts";
import { createClusterStore } from "./create-cluster-store.ts";
import { createClusterModelStore } from "./create-cluster-model-store.ts";

/** A cluster, and what its last COMPLETED run came to; null before there was one. */
export type ClusterWithResult = {
  readonly cluster: ClusterRecord;
  readonly result: ClusterResultRecord | null;
};

/** A cluster by its id or name. Throws `not_found`. */
export async function findCluster({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly cluster: string };
}): Promise<ClusterRecord> {
  const cluster = await createClusterStore(ctx.database).find(ctx.namespace._id, input.cluster);
  if (cluster === null) throw notFound("cluster", input.cluster);
  return cluster;
}

/** A cluster by its id or name, with its results. Throws `not_found`. */
export async function getCluster({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly cluster: string };
}): Promise<ClusterWithResult> {
  const cluster = await findCluster({ ctx, input });
  const runId = cluster.result_task_id;
  if (runId === null) return { cluster, result: null };
  const results = await createClusterModelStore(ctx.database).results([runId], true);
  return { cluster, result: results.get(runId) ?? null };
}
