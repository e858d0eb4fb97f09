import type { ResourceListRequest } from "../../contract/common.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { pageOptions, resourceFilter } from "../../engine/paging.ts";
import { createClusterModelStore } from "./create-cluster-model-store.ts";
import { createClusterStore } from "./create-cluster-store.ts";
import type { ClusterWithResult } from "./get-cluster.ts";

/** One page of the namespace's clusters, their results without the groups. Throws `invalid_cursor`. */
export async function listClusters({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: ResourceListRequest;
}): Promise<Page<ClusterWithResult>> {
  const page = await createClusterStore(ctx.database).list(
    ctx.namespace._id,
    resourceFilter(input),
    pageOptions(input),
  );
  const runIds = page.rows.flatMap((cluster) => cluster.result_task_id ?? []);
  const results =
    runIds.length === 0
      ? new Map<string, never>()
      : await createClusterModelStore(ctx.database).results(runIds, false);
  return {
    rows: page.rows.map((cluster) => ({
      cluster,
      result: results.get(cluster.result_task_id ?? "") ?? null,
    })),
    next: page.next,
  };
}
