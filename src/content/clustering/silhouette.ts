import { distances, type Points } from "./points.ts";

/**
 * The mean silhouette of points in clusters, between -1 and 1 (Rousseeuw, "Silhouettes: a graphical
 * aid to the interpretation and validation of cluster analysis", 1987), by Euclidean distance. A
 * point that is alone in its cluster counts 0. Null when the points are in fewer than two clusters.
 * Takes points² / 2 × dimensions multiplications.
 */
export function silhouette(points: Points, clusterOf: ArrayLike<number>): number | null {
  const { count } = points;
  const labels = Array.from({ length: count }, (_, point) => clusterOf[point] ?? 0);
  const sizes = new Map<number, number>();
  for (const label of labels) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  if (sizes.size < 2) return null;
  const sums = distanceSums(points, labels);
  let total = 0;
  labels.forEach((own, point) => {
    const ownSize = sizes.get(own) ?? 0;
    if (ownSize < 2) return;
    const inside = (sums[point]?.get(own) ?? 0) / (ownSize - 1);
    let outside = Infinity;
    for (const [label, size] of sizes) {
      if (label !== own) outside = Math.min(outside, (sums[point]?.get(label) ?? 0) / size);
    }
    const larger = Math.max(inside, outside);
    if (larger > 0) total += (outside - inside) / larger;
  });
  return total / count;
}

/** For each point the sum of its distances to the points of each cluster. */
function distanceSums(points: Points, labels: readonly number[]): readonly Map<number, number>[] {
  const squared = distances(points, points);
  const sums = labels.map(() => new Map<number, number>());
  const add = (point: number, label: number, distance: number) =>
    sums[point]?.set(label, (sums[point].get(label) ?? 0) + distance);
  for (let a = 0; a < points.count; a++) {
    for (let b = 0; b < a; b++) {
      const distance = Math.sqrt(squared(a, b));
      add(a, labels[b] ?? 0, distance);
      add(b, labels[a] ?? 0, distance);
    }
  }
  return sums;
}
