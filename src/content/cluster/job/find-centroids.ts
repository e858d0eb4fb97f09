import { followInertia, hasConverged } from "../../clustering/convergence.ts";
import { trainBatch } from "../../clustering/mini-batch.ts";
import { continueSeeding, emptySeeding, trialsOf } from "../../clustering/plus-plus.ts";
import { pack } from "../../clustering/points.ts";
import type { ClusterModelRecord } from "../cluster-store.ts";
import { sampledSilhouette } from "./choose-k.ts";
import {
  batchesPerStep,
  batchSize,
  centroidsPerStep,
  maxBatches,
  MAX_SILHOUETTE_K,
  SHARD_SIZE,
  SILHOUETTE_SAMPLE,
} from "./limits.ts";
import {
  centroidCount,
  centroidsOf,
  type Changes,
  type Phase,
  readPoints,
  requireCollections,
  tooFewDocuments,
} from "./phase.ts";
import { FIRST_DOCUMENT } from "./sample.ts";

/** Chooses the next few centroids by k-means++, among the first shards. */
export const seed: Phase = async ({ model, parts, ctx }) => {
  const ids = parts.flat();
  const rows = await ctx.stores.clustering.documents.vectors(ctx.resource.collection_ids, ids);
  const found = new Map(rows.map((row) => [row._id, row.embedding]));
  const { dimensions } = model;
  // Places stay what they were when a document is deleted: distances are kept by place.
  const none = new Float32Array(dimensions);
  const points = pack(
    ids.map((id) => found.get(id) ?? none),
    dimensions,
  );
  const k = model.k ?? 2;
  const before =
    model.distances === null || model.distances.length !== ids.length
      ? emptySeeding(ids.length)
      : {
          centroids: model.centroids ?? new Float32Array(0),
          distances: model.distances,
          isDone: false,
        };
  const after = continueSeeding(
    points,
    k,
    ctx.resource.seed,
    before,
    centroidsPerStep(points.count, trialsOf(k), dimensions),
    (place) => found.has(ids[place] ?? ""),
  );
  if (after.centroids.length === 0) {
    await requireCollections(ctx);
    throw tooFewDocuments(0, ctx.resource.k);
  }
  const { centroids, distances } = after;
  if (!after.isDone) return { centroids, distances };
  return {
    phase: "train",
    centroids,
    distances: null,
    counts: Array.from({ length: centroids.length / dimensions }, () => 0),
  };
};

/** Where in the sample a mini-batch lies: the batches go round and round through the shards. */
function batchAt(model: ClusterModelRecord, iteration: number) {
  const size = batchSize(centroidCount(model), model.dimensions);
  const batches = Math.ceil(model.sampled / size);
  const from = (iteration % batches) * size;
  return { shard: Math.floor(from / SHARD_SIZE), from: from % SHARD_SIZE, size, batches };
}

/** The shard that the next mini-batch is in. */
export function trainingShard(model: ClusterModelRecord): number {
  return batchAt(model, model.iterations).shard;
}

/** How many mini-batches the training does when it doesn't converge before. */
export function mostBatches(model: ClusterModelRecord): number {
  return maxBatches(batchAt(model, 0).batches);
}

/**
 * Does the next mini-batch. Where the whole sample is one batch, it does as many as fit the step, and
 * forgets what was seen before each: that is Lloyd's algorithm, which ends sooner and closer.
 */
export const train: Phase = async ({ model, parts, ctx }) => {
  const batch = batchAt(model, model.iterations);
  const ids = (parts[0] ?? []).slice(batch.from, batch.from + batch.size);
  const { points } = await readPoints({ model, ctx }, ids);
  const times =
    batch.batches === 1 ? batchesPerStep(points.count, centroidCount(model), model.dimensions) : 1;
  let { centroids, counts, iterations, trend } = { ...model, centroids: centroidsOf(model) };
  let isDone = false;
  for (let time = 0; time < times && !isDone; time++) {
    const seen = batch.batches === 1 ? counts.map(() => 0) : counts;
    const trained = trainBatch(points, { centroids, counts: seen });
    trend = followInertia(trend, trained.meanInertia, batch.size, model.sampled);
    ({ centroids } = trained);
    counts = [...trained.counts];
    iterations += 1;
    isDone = hasConverged(trend) || iterations >= maxBatches(batch.batches);
  }
  const changes: Changes = { centroids, counts, iterations, trend };
  return isDone ? { ...changes, phase: "score" } : changes;
};

/** Measures the silhouette on some documents, where k is not too large, and prepares the assignment of all. */
export const score: Phase = async ({ model, parts, ctx }) => {
  const k = centroidCount(model);
  const clusters = Array.from({ length: k });
  const ids = (parts[0] ?? []).slice(0, k > MAX_SILHOUETTE_K ? 1 : SILHOUETTE_SAMPLE);
  const { points } = await readPoints({ model, ctx }, ids);
  return {
    phase: "assign",
    silhouette: k > MAX_SILHOUETTE_K ? null : sampledSilhouette(points, centroidsOf(model)),
    cursor: FIRST_DOCUMENT,
    counts: [],
    sizes: clusters.map(() => 0),
    nearest: clusters.map(() => ({ ids: [], distances: [] })),
  };
};
