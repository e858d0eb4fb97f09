import type { ResourceStore } from "../../../ports/resource-store.ts";
import type { CollectionRecord } from "../../collections/collection-store.ts";
import type { ClusteringStores, ClusterModelRecord, ClusterRecord } from "../cluster-store.ts";
import { pack, type Points } from "../../clustering/points.ts";
import { type LoopContext, NonRetryableError } from "../../../engine/jobs/define-loop.ts";

/** What a cluster's job reads and writes. */
export type ClusterJobStores = {
  readonly collections: Pick<ResourceStore<CollectionRecord>, "find">;
  readonly clustering: ClusteringStores;
};

export type Context = LoopContext<
  { readonly cluster_id: string },
  unknown,
  ClusterRecord,
  ClusterJobStores
>;

/** What one step works with: the run as it was read, and the parts that the phase asked for. */
export type StepInput = {
  readonly model: ClusterModelRecord;
  readonly parts: readonly (readonly string[])[];
  readonly ctx: Context;
};

/** What a step changes of its run. */
export type Changes = Partial<Omit<ClusterModelRecord, "_id" | "step">>;

/** One step of a phase; it may run twice, and throws `NonRetryableError` when the run can't succeed. */
export type Phase = (input: StepInput) => Promise<Changes>;

/**
 * The vectors of these documents, in their order, without those that are gone. Throws
 * `collection_not_found` when all are, with their collection.
 */
export async function readPoints(
  { model, ctx }: Pick<StepInput, "model" | "ctx">,
  ids: readonly string[],
): Promise<{ readonly ids: readonly string[]; readonly points: Points }> {
  const rows = await ctx.stores.clustering.documents.vectors(ctx.resource.collection_ids, ids);
  if (rows.length === 0) await requireCollections(ctx);
  return {
    ids: rows.map((row) => row._id),
    points: pack(
      rows.map((row) => row.embedding),
      model.dimensions,
    ),
  };
}

/** The centroids of a run that has some. */
export function centroidsOf(model: ClusterModelRecord): Float32Array {
  if (model.centroids === null) throw new Error(`the phase ${model.phase} has no centroids`);
  return model.centroids;
}

/** How many centroids there are, which may be fewer than k. */
export function centroidCount(model: ClusterModelRecord): number {
  return centroidsOf(model).length / model.dimensions;
}

/** Throws `collection_not_found` when one of the cluster's collections is gone. */
export async function requireCollections(ctx: Context): Promise<void> {
  for (const id of ctx.resource.collection_ids) {
    if ((await ctx.stores.collections.find(ctx.namespaceId, id)) === null) {
      throw new NonRetryableError(
        "collection_not_found",
        `The cluster's collection "${id}" no longer exists.`,
      );
    }
  }
}

/** The failure of a run for which there is too little to group. */
export function tooFewDocuments(documents: number, k: number | "auto"): NonRetryableError {
  const least = k === "auto" ? 2 : k;
  return new NonRetryableError(
    "too_few_documents",
    `The collections hold ${documents} ${documents === 1 ? "document" : "documents"}; ` +
      `${least} clusters need at least ${least}. Add documents, or make a cluster with a smaller k.`,
  );
}
