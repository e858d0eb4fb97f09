/**
 * Vectors of one length, one after the other: row `i` is `values[i × dimensions, (i + 1) ×
 * dimensions)`. Distances are squared Euclidean throughout, as k-means has them.
 */
export type Points = {
  readonly values: Float32Array;
  readonly count: number;
  readonly dimensions: number;
};

/** Below this two unit vectors are one: what is left of float32 rounding (cosine above 0.9999995). */
export const SAME_POINT = 1e-6;

/** Packs vectors into one array. Throws `RangeError` when one has another length. */
export function pack(vectors: readonly Float32Array[], dimensions: number): Points {
  const values = new Float32Array(vectors.length * dimensions);
  vectors.forEach((vector, index) => {
    if (vector.length !== dimensions) {
      throw new RangeError(`a vector of ${vector.length} dimensions among those of ${dimensions}`);
    }
    values.set(vector, index * dimensions);
  });
  return { values, count: vectors.length, dimensions };
}

/** The points of an array that holds nothing else. */
export function pointsOf(values: Float32Array, dimensions: number): Points {
  return { values, count: values.length / dimensions, dimensions };
}

/** A row of the points; a view, not a copy. */
export function row(points: Points, index: number): Float32Array {
  const { values, dimensions } = points;
  return values.subarray(index * dimensions, (index + 1) * dimensions);
}

/** The dot product of rows; in four sums, which keeps a processor's pipelines full. */
function dot(a: Float32Array, atA: number, b: Float32Array, atB: number, length: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    s0 += (a[atA + i] ?? 0) * (b[atB + i] ?? 0);
    s1 += (a[atA + i + 1] ?? 0) * (b[atB + i + 1] ?? 0);
    s2 += (a[atA + i + 2] ?? 0) * (b[atB + i + 2] ?? 0);
    s3 += (a[atA + i + 3] ?? 0) * (b[atB + i + 3] ?? 0);
  }
  for (; i < length; i++) s0 += (a[atA + i] ?? 0) * (b[atB + i] ?? 0);
  return s0 + s1 + (s2 + s3);
}

/** The squared length of every row. */
export function squaredNorms(points: Points): Float64Array {
  const { values, count, dimensions } = points;
  return Float64Array.from({ length: count }, (_, index) =>
    dot(values, index * dimensions, values, index * dimensions, dimensions),
  );
}

/** A function of the squared distance between a row of `a` and a row of `b`. */
export function distances(a: Points, b: Points): (inA: number, inB: number) => number {
  const { dimensions } = a;
  const normsA = squaredNorms(a);
  const normsB = squaredNorms(b);
  return (inA, inB) =>
    Math.max(
      0,
      (normsA[inA] ?? 0) +
        (normsB[inB] ?? 0) -
        2 * dot(a.values, inA * dimensions, b.values, inB * dimensions, dimensions),
    );
}

/** The nearest centroid of each point. */
export type Nearest = {
  /** Which centroid; of equally near ones the first. */
  readonly index: Int32Array;
  readonly squaredDistance: Float64Array;
};

/** Finds the nearest centroid of each point: points × centroids × dimensions multiplications. */
export function nearest(points: Points, centroids: Points): Nearest {
  const { values, count, dimensions } = points;
  const norms = squaredNorms(centroids);
  const own = squaredNorms(points);
  const index = new Int32Array(count);
  const squaredDistance = new Float64Array(count);
  for (let point = 0; point < count; point++) {
    let best = 0;
    let bestScore = Infinity;
    for (let centroid = 0; centroid < centroids.count; centroid++) {
      const at = centroid * dimensions;
      const product = dot(values, point * dimensions, centroids.values, at, dimensions);
      const score = (norms[centroid] ?? 0) - 2 * product;
      if (score < bestScore) {
        bestScore = score;
        best = centroid;
      }
    }
    index[point] = best;
    squaredDistance[point] = Math.max(0, bestScore + (own[point] ?? 0));
  }
  return { index, squaredDistance };
}
