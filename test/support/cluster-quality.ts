import { run, resultOf, world } from "../jobs/cluster-world.ts";
import { adjustedRandIndex } from "./adjusted-rand-index.ts";
import type { LabelledText } from "./glosses.ts";

/** The sizes of text that quality is measured on: so many texts of each subject, of so many glosses. */
export const TEXT_SIZES = [
  { glosses: 1, ofEach: 300 },
  { glosses: 4, ofEach: 100 },
  { glosses: 10, ofEach: 60 },
] as const;

/** Seeds over which it is averaged: one start of k-means says little. */
export const SEEDS = Array.from({ length: 10 }, (_, seed) => seed);

/** How well a run of the job, with ports in memory, finds the labels, and its inertia. */
export async function clusterQuality(texts: readonly LabelledText[], seed: number) {
  const k = new Set(texts.map((text) => text.label)).size;
  const at = world([texts.map((text) => text.vector)], { dimensions: 256, cluster: { k, seed } });
  await run(at);
  const { model, marks } = resultOf(at);
  const ari = adjustedRandIndex(
    texts.map((text) => text.label),
    marks.map((mark) => mark?.cluster_index ?? -1),
  );
  return { ari, inertia: model?.inertia ?? Infinity };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
