import { nearest, pack, pointsOf } from "../../clustering/points.ts";
import type { ClusterModelRecord } from "../cluster-store.ts";
import { assignedPerStep, textsPerCluster } from "./limits.ts";
import { centroidCount, centroidsOf, type Phase, requireCollections } from "./phase.ts";
import { cursorAfter } from "./sample.ts";

type Ranked = ClusterModelRecord["nearest"][number];

/** Distances are shown, and kept, with so many decimals. */
const DECIMALS = 1e6;

/**
 * Writes on a page of documents where each belongs. The mark carries the task's id and nobody shows
 * it before the task is COMPLETED; the centroids don't change any more, so that whoever writes a
 * page again writes the same. Marks of older runs that can't be shown any more go by the same write.
 */
export const assign: Phase = async ({ model, ctx }) => {
  const { _id: clusterId, collection_ids } = ctx.resource;
  const { documents } = ctx.stores.clustering;
  const k = centroidCount(model);
  const page = await documents.page(
    collection_ids[model.cursor.collection] ?? "",
    clusterId,
    model.cursor.after_id,
    assignedPerStep(k, model.dimensions),
  );
  if (page.rows.length === 0) await requireCollections(ctx);
  const points = pack(
    page.rows.map((row) => row.embedding),
    model.dimensions,
  );
  const found = nearest(points, pointsOf(centroidsOf(model), model.dimensions));
  const placed = page.rows.map((row, at) => ({
    ...row,
    cluster: found.index[at] ?? 0,
    squared: found.squaredDistance[at] ?? 0,
  }));
  await documents.assign(
    clusterId,
    model.task_id,
    placed.map(({ _id, cluster, squared, runs }) => ({
      documentId: _id,
      assignment: { cluster_index: cluster, distance: rounded(Math.sqrt(squared)) },
      outdatedRuns: runs.filter((run) => run < model.task_id && !model.kept_runs.includes(run)),
    })),
  );
  const sizes = [...model.sizes];
  let { inertia } = model;
  for (const { cluster, squared } of placed) {
    sizes[cluster] = (sizes[cluster] ?? 0) + 1;
    inertia += squared;
  }
  const cursor = cursorAfter(
    model.cursor,
    page.rows.at(-1)?._id,
    page.isLast,
    collection_ids.length,
  );
  return {
    ...(cursor === null ? { phase: "describe" as const } : { cursor }),
    sizes,
    inertia,
    assigned: model.assigned + placed.length,
    nearest: model.nearest.map((ranked, cluster) =>
      ranking(
        ranked,
        placed.filter((one) => one.cluster === cluster),
        textsPerCluster(k),
      ),
    ),
  };
};

/** The nearest of those known and those new; of equally near ones the lower id. */
function ranking(
  known: Ranked,
  added: readonly { readonly _id: string; readonly squared: number }[],
  limit: number,
): Ranked {
  if (added.length === 0) return known;
  const all = [
    ...known.ids.map((id, at) => ({ id, distance: known.distances[at] ?? 0 })),
    ...added.map(({ _id, squared }) => ({ id: _id, distance: rounded(Math.sqrt(squared)) })),
  ];
  const best = all
    .toSorted((a, b) => a.distance - b.distance || (a.id < b.id ? -1 : 1))
    .slice(0, limit);
  return { ids: best.map((one) => one.id), distances: best.map((one) => one.distance) };
}

function rounded(value: number): number {
  return Math.round(value * DECIMALS) / DECIMALS;
}
