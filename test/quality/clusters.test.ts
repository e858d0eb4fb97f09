import { expect, it } from "vitest";
import { clusterQuality, mean, SEEDS, TEXT_SIZES } from "../support/cluster-quality.ts";
import { labelledTexts } from "../support/glosses.ts";

/**
 * What was measured less a margin for other versions of the engine. docs/clusters.md has the numbers
 * beside scikit-learn's on the same vectors, and says why those of one short gloss are so low.
 */
const FLOORS: Readonly<Record<number, { readonly ari: number; readonly inertia: number }>> = {
  1: { ari: 0.05, inertia: 1715 },
  4: { ari: 0.55, inertia: 523 },
  10: { ari: 0.8, inertia: 275 },
};

/** Fewer than docs/clusters.md averages over: each takes up to half a second. */
const TESTED_SEEDS = 5;

it.each(TEXT_SIZES)(
  "the subjects of real texts of $glosses glosses are found as well as was measured",
  async ({ glosses, ofEach }) => {
    const texts = labelledTexts(ofEach, glosses);
    expect(texts).toHaveLength(6 * ofEach);
    const found = [];
    for (const seed of SEEDS.slice(0, TESTED_SEEDS)) found.push(await clusterQuality(texts, seed));
    expect(mean(found.map((one) => one.ari))).toBeGreaterThan(FLOORS[glosses]?.ari ?? 1);
    expect(mean(found.map((one) => one.inertia))).toBeLessThan(FLOORS[glosses]?.inertia ?? 0);
  },
);
