import { trainBatch } from "../../clustering/mini-batch.ts";
import { continueSeeding, emptySeeding } from "../../clustering/plus-plus.ts";
import { nearest, type Points, pointsOf } from "../../clustering/points.ts";
import { silhouette } from "../../clustering/silhouette.ts";
import { maxAutoK, SILHOUETTE_SAMPLE } from "./limits.ts";
import { type Phase, readPoints } from "./phase.ts";

/** Enough of Lloyd's iterations to tell a good k from a bad one. */
const ITERATIONS = 4;

/**
 * Tries one k on the first shard, and when that was the last candidate, settles on the k with the
 * greatest silhouette; of equally good ones the smallest.
 */
export const chooseK: Phase = async ({ model, parts, ctx }) => {
  const largest = maxAutoK(model.documents);
  if (largest === 2) return { phase: "seed", k: 2 };
  const { points } = await readPoints({ model, ctx }, parts[0] ?? []);
  const k = 2 + model.candidates.length;
  const candidates = [
    ...model.candidates,
    { k, silhouette: silhouetteOf(points, k, ctx.resource.seed) },
  ];
  if (k < largest) return { candidates };
  const best = candidates.reduce((a, b) => (b.silhouette > a.silhouette ? b : a));
  return { candidates, k: best.k, phase: "seed" };
};

function silhouetteOf(points: Points, k: number, seed: number): number {
  const seeding = continueSeeding(points, k, seed, emptySeeding(points.count), k);
  let { centroids } = seeding;
  if (centroids.length === 0) return -1;
  const counts = Array.from({ length: centroids.length / points.dimensions }, () => 0);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    centroids = trainBatch(points, { centroids, counts }).centroids;
  }
  return sampledSilhouette(points, centroids) ?? -1;
}

/** The silhouette of the first points under their nearest centroids. */
export function sampledSilhouette(points: Points, centroids: Float32Array): number | null {
  const { values, dimensions } = points;
  const some = pointsOf(values.subarray(0, SILHOUETTE_SAMPLE * dimensions), dimensions);
  return silhouette(some, nearest(some, pointsOf(centroids, dimensions)).index);
}
