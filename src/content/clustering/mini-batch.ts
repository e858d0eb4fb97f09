import { nearest, type Points, pointsOf } from "./points.ts";

/** What mini-batches have made of the centroids so far. */
export type Training = {
  readonly centroids: Float32Array;
  /** How many points each centroid is the mean of. */
  readonly counts: readonly number[];
};

/** The centroids after a batch, and the batch's inertia per point before it. */
export type TrainedBatch = Training & { readonly meanInertia: number };

/**
 * One mini-batch of k-means (Sculley, "Web-Scale K-Means Clustering", WWW 2010): every point of the
 * batch moves its nearest centroid towards itself by 1 / (points that this centroid has seen), which
 * makes each centroid the mean of all that it has seen. With counts of zero it is one iteration of
 * Lloyd's algorithm. A centroid without a point stays. An empty batch changes nothing.
 */
export function trainBatch(batch: Points, before: Training): TrainedBatch {
  const { dimensions } = batch;
  const centroids = pointsOf(before.centroids, dimensions);
  const found = nearest(batch, centroids);
  const counts = [...before.counts];
  const sums = new Float64Array(before.centroids.length);
  counts.forEach((count, centroid) => {
    for (let at = centroid * dimensions; at < (centroid + 1) * dimensions; at++) {
      sums[at] = (before.centroids[at] ?? 0) * count;
    }
  });
  let inertia = 0;
  const moved = new Set<number>();
  found.index.forEach((centroid, point) => {
    inertia += found.squaredDistance[point] ?? 0;
    counts[centroid] = (counts[centroid] ?? 0) + 1;
    moved.add(centroid);
    for (let at = 0; at < dimensions; at++) {
      const to = centroid * dimensions + at;
      sums[to] = (sums[to] ?? 0) + (batch.values[point * dimensions + at] ?? 0);
    }
  });
  const after = Float32Array.from(before.centroids);
  for (const centroid of moved) {
    const scale = 1 / (counts[centroid] ?? 1);
    for (let at = centroid * dimensions; at < (centroid + 1) * dimensions; at++) {
      after[at] = (sums[at] ?? 0) * scale;
    }
  }
  return { centroids: after, counts, meanInertia: batch.count === 0 ? 0 : inertia / batch.count };
}
