/**
 * Multiplications of one step: 45 to 60 ms of CPU time at 0.9 × 10⁹ a second, which is what one core
 * does with `nearest` in Node 24, and workerd alike.
 */
const MULTIPLICATIONS_PER_STEP = 48_000_000;

/** Ids that one step reads of a collection, without vectors: about 0.5 MB. */
export const IDS_PER_SCAN = 10_000;

/** Documents whose ids make a shard of the sample, and the largest mini-batch: 1 MB of vectors. */
export const SHARD_SIZE = 1024;

/** Shards that seeding draws from: 3 × the batch size, as scikit-learn's `init_size` has it. */
export const SEEDING_SHARDS = 3;

/** Documents of the training sample, whatever k is: eight mini-batches. */
const MIN_SAMPLE = 8192;

/**
 * Documents of the training sample for each centroid: more than the 39 below which FAISS warns, of
 * the 256 beyond which it doesn't go (https://github.com/facebookresearch/faiss/wiki/FAQ, "Can I
 * ignore WARNING clustering XX points to YY centroids?").
 */
const SAMPLE_PER_CENTROID = 40;

/** The largest k that "auto" considers. */
const MAX_AUTO_K = 20;

/** Documents that a silhouette is of: its cost is their number's square. */
export const SILHOUETTE_SAMPLE = 384;

/** With fewer than four of these documents a cluster, most are alone in theirs, which says nothing. */
export const MAX_SILHOUETTE_K = SILHOUETTE_SAMPLE / 4;

/** Documents that one step assigns: one command writes them all. */
const MAX_ASSIGNED_PER_STEP = 1000;

/** Mini-batches of one step, where the whole sample is one batch. */
const MAX_BATCHES_PER_STEP = 20;

/** Mini-batches at the least before training stops without having converged, and passes of the sample. */
const MAX_BATCHES = 100;
const MAX_PASSES = 3;

/** Texts that describe one cluster at the most and at the least; together about 2,000. */
const MAX_TEXTS_PER_CLUSTER = 64;
const MIN_TEXTS_PER_CLUSTER = 8;
const TEXTS_OF_ALL_CLUSTERS = 2000;

/** Texts that one step reads to describe clusters: at most 8 MiB. */
export const TEXTS_PER_STEP = 256;

/** Texts that stand for the whole when terms are weighed. */
export const BACKGROUND_TEXTS = 512;

/** Code units of a text that are looked at for terms: what a chunk has by default. */
export const TERMS_WITHIN = 1000;

/** Terms of the background that are kept: those that are left out count as unknown. */
export const BACKGROUND_TERMS = 5000;

/** Top terms of a cluster. */
export const TOP_TERMS = 10;

/** How many documents to train on. */
export function sampleSize(k: number | "auto"): number {
  return Math.max(MIN_SAMPLE, SAMPLE_PER_CENTROID * (k === "auto" ? MAX_AUTO_K : k));
}

/** The largest k that "auto" tries for so many documents: their square root, within 2 and 20. */
export function maxAutoK(documents: number): number {
  return Math.max(2, Math.min(MAX_AUTO_K, Math.floor(Math.sqrt(documents))));
}

/** The size of a mini-batch: a shard, or the largest half, quarter, … of one that a step can do. */
export function batchSize(k: number, dimensions: number): number {
  let size = SHARD_SIZE;
  while (size > 1 && size * k * dimensions > MULTIPLICATIONS_PER_STEP) size /= 2;
  return size;
}

/** How many mini-batches of that many points one step does. */
export function batchesPerStep(points: number, k: number, dimensions: number): number {
  const fitting = Math.floor(MULTIPLICATIONS_PER_STEP / (Math.max(1, points) * k * dimensions));
  return within(fitting, 1, MAX_BATCHES_PER_STEP);
}

/** After how many mini-batches training stops. */
export function maxBatches(batchesOfSample: number): number {
  return Math.max(MAX_BATCHES, MAX_PASSES * batchesOfSample);
}

/** How many centroids one step of seeding chooses; it takes half as long again for each as `nearest`. */
export function centroidsPerStep(points: number, trials: number, dimensions: number): number {
  return Math.max(1, Math.floor(MULTIPLICATIONS_PER_STEP / 1.5 / (points * trials * dimensions)));
}

/** How many documents one step assigns. */
export function assignedPerStep(k: number, dimensions: number): number {
  return within(Math.floor(MULTIPLICATIONS_PER_STEP / (k * dimensions)), 1, MAX_ASSIGNED_PER_STEP);
}

/** How many of its nearest documents describe a cluster. */
export function textsPerCluster(k: number): number {
  return within(
    Math.floor(TEXTS_OF_ALL_CLUSTERS / k),
    MIN_TEXTS_PER_CLUSTER,
    MAX_TEXTS_PER_CLUSTER,
  );
}

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
