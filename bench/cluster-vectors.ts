import { clusterQuality, mean, SEEDS, TEXT_SIZES } from "../test/support/cluster-quality.ts";
import { labelledTexts } from "../test/support/glosses.ts";

// Prints what bench/cluster-peer.py reads: the vectors of the quality test, their labels, and how
// well Waybill groups them. node bench/cluster-vectors.ts > vectors.jsonl

for (const { glosses, ofEach } of TEXT_SIZES) {
  const texts = labelledTexts(ofEach, glosses);
  const found = [];
  for (const seed of SEEDS) found.push(await clusterQuality(texts, seed));
  const line = {
    glosses,
    seeds: SEEDS,
    ari: mean(found.map((one) => one.ari)),
    inertia: mean(found.map((one) => one.inertia)),
    labels: texts.map((text) => text.label),
    vectors: texts.map((text) => Array.from(text.vector)),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
