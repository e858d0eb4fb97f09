/** After so many mini-batches in a row without a better smoothed inertia, training has converged. */
const MAX_WITHOUT_IMPROVEMENT = 10;

/** How the inertia has gone; null before there was a mini-batch. */
export type Trend = {
  readonly smoothed: number | null;
  readonly best: number | null;
  readonly withoutImprovement: number;
};

/** The trend before the first mini-batch. */
export const NO_TREND: Trend = { smoothed: null, best: null, withoutImprovement: 0 };

/**
 * The trend after a mini-batch: inertia smoothed exponentially over about one pass of the training
 * points, the rule (and the constant) of scikit-learn's MiniBatchKMeans, `max_no_improvement`
 * (https://scikit-learn.org/stable/modules/generated/sklearn.cluster.MiniBatchKMeans.html).
 */
export function followInertia(
  before: Trend,
  meanInertia: number,
  batchSize: number,
  points: number,
): Trend {
  const weight = Math.min(1, (2 * batchSize) / (points + 1));
  const smoothed =
    before.smoothed === null ? meanInertia : before.smoothed * (1 - weight) + meanInertia * weight;
  const isBetter = before.best === null || smoothed < before.best;
  return {
    smoothed,
    best: isBetter ? smoothed : before.best,
    withoutImprovement: isBetter ? 0 : before.withoutImprovement + 1,
  };
}

/** Whether more mini-batches are not worth their while. */
export function hasConverged(trend: Trend): boolean {
  return trend.withoutImprovement >= MAX_WITHOUT_IMPROVEMENT;
}
