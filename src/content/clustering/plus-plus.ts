import { distances, type Points, row, SAME_POINT } from "./points.ts";
import { createRandom, seedOf } from "./random.ts";

/** Up to so many clusters each centroid is the best of several draws. */
const MAX_K_WITH_TRIALS = 100;

/** Centroids under way: those chosen so far, and how far each point is from the nearest of them. */
export type Seeding = {
  readonly centroids: Float32Array;
  /** Squared; Infinity before the first centroid. */
  readonly distances: Float32Array;
  /** All that are wanted were chosen, or there are no points left that differ from the chosen. */
  readonly isDone: boolean;
};

/** A seeding without a centroid. */
export function emptySeeding(points: number): Seeding {
  return {
    centroids: new Float32Array(0),
    distances: new Float32Array(points).fill(Infinity),
    isDone: false,
  };
}

/** How many points are drawn and compared for one centroid. */
export function trialsOf(k: number): number {
  return k <= MAX_K_WITH_TRIALS ? 2 + Math.floor(Math.log(k)) : 1;
}

/**
 * Goes on with k-means++ by at most `atMost` centroids: a point is drawn with a chance in
 * proportion to its squared distance from the nearest centroid chosen so far (Arthur and
 * Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007). Up to k = 100 it is the
 * best of 2 + ln k draws, which the paper's section 5 proposes and scikit-learn does.
 *
 * Each centroid has a generator of its own, so it makes no difference where the work is cut.
 * `isPresent` tells of points that are gone since the seeding began; they are not drawn.
 */
export function continueSeeding(
  points: Points,
  k: number,
  seed: number,
  before: Seeding,
  atMost: number,
  isPresent: (point: number) => boolean = () => true,
): Seeding {
  const { dimensions } = points;
  const between = distances(points, points);
  const chosen: Float32Array[] = [];
  const start = before.centroids.length / dimensions;
  let current: Float32Array = before.distances;
  let isDone = start >= k;
  while (!isDone && chosen.length < atMost) {
    const number = start + chosen.length;
    const random = createRandom(seedOf(seed, number));
    const weights = weightsOf(current, number === 0, isPresent);
    if (weights.total === 0) {
      isDone = true;
      break;
    }
    const trials = number === 0 ? 1 : trialsOf(k);
    let best: { point: number; distances: Float32Array; sum: number } | null = null;
    for (let trial = 0; trial < trials; trial++) {
      const point = draw(weights, random());
      const after = withCentroid(current, (other) => between(other, point));
      const sum = sumOf(after);
      if (best === null || sum < best.sum) best = { point, distances: after, sum };
    }
    if (best === null) break;
    chosen.push(row(points, best.point));
    current = best.distances;
    isDone = number + 1 >= k;
  }
  return { centroids: append(before.centroids, chosen), distances: current, isDone };
}

type Weights = { readonly cumulative: Float64Array; readonly total: number };

/** Each point's chance: even for the first centroid, then its squared distance. */
function weightsOf(
  squared: Float32Array,
  isFirst: boolean,
  isPresent: (point: number) => boolean,
): Weights {
  const cumulative = new Float64Array(squared.length);
  let total = 0;
  squared.forEach((distance, point) => {
    if (isPresent(point)) {
      if (isFirst) total += 1;
      // Infinity: it was not there when the first centroid was chosen.
      else if (distance >= SAME_POINT && distance !== Infinity) total += distance;
    }
    cumulative[point] = total;
  });
  return { cumulative, total };
}

/** The first point whose cumulative weight is above that share of the total. */
function draw({ cumulative, total }: Weights, share: number): number {
  const target = share * total;
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cumulative[middle] ?? 0) > target) high = middle;
    else low = middle + 1;
  }
  return low;
}

function withCentroid(squared: Float32Array, to: (point: number) => number): Float32Array {
  return squared.map((distance, point) => Math.min(distance, to(point)));
}

function sumOf(squared: Float32Array): number {
  let sum = 0;
  for (const distance of squared) if (distance !== Infinity) sum += distance;
  return sum;
}

function append(before: Float32Array, rows: readonly Float32Array[]): Float32Array {
  const added = rows.reduce((length, one) => length + one.length, 0);
  const all = new Float32Array(before.length + added);
  all.set(before);
  let at = before.length;
  for (const one of rows) {
    all.set(one, at);
    at += one.length;
  }
  return all;
}
