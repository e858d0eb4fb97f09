import { commonTerms, countTerms, type TermCounts, topTerms } from "../../clustering/top-terms.ts";
import type { ClusterModelRecord, ClusterSummary } from "../cluster-store.ts";
import {
  BACKGROUND_TERMS,
  BACKGROUND_TEXTS,
  TERMS_WITHIN,
  TEXTS_PER_STEP,
  TOP_TERMS,
} from "./limits.ts";
import { centroidCount, type Changes, type Phase, requireCollections } from "./phase.ts";

/**
 * Finds the top terms of the next few clusters: those of the documents nearest to each centroid,
 * weighed against a random sample of the whole, whose terms the first step counts.
 */
export const describe: Phase = async ({ model, parts, ctx }) => {
  const { documents } = ctx.stores.clustering;
  const read = (ids: readonly string[]) => documents.texts(ctx.resource.collection_ids, ids);
  if (model.background === null) {
    const texts = await read((parts[0] ?? []).slice(0, BACKGROUND_TEXTS));
    const common = commonTerms(countTerms(beginnings([...texts.values()])), BACKGROUND_TERMS);
    return {
      background: {
        texts: common.texts,
        terms: [...common.counts.keys()],
        counts: [...common.counts.values()],
      },
    };
  }
  const until = groupEnd(model);
  const group = model.nearest.slice(model.described, until);
  const texts = await read(group.flatMap(({ ids }) => ids));
  const whole = backgroundOf(model.background);
  const clusters: ClusterSummary[] = [...model.clusters];
  group.forEach(({ ids }, at) => {
    const cluster_index = model.described + at;
    const size = model.sizes[cluster_index] ?? 0;
    // A centroid to which no document is nearest is no cluster.
    if (size === 0) return;
    const own = countTerms(beginnings(ids.flatMap((id) => texts.get(id) ?? [])));
    clusters.push({ cluster_index, size, top_terms: topTerms(own, whole, TOP_TERMS) });
  });
  if (until < centroidCount(model)) return { clusters, described: until };
  await requireCollections(ctx);
  await ctx.stores.clustering.models.removeRun(model._id, "model");
  return { clusters, described: until, ...DONE, updated_at: ctx.runtime.now() };
};

/** What only a run under way needs is dropped at its end. */
const DONE: Changes = { phase: "done", parts: 0, nearest: [], background: null };

/** As many clusters as have up to 256 texts to read together, but one at least. */
function groupEnd(model: ClusterModelRecord): number {
  let texts = 0;
  let end = model.described;
  while (end < model.nearest.length) {
    texts += model.nearest[end]?.ids.length ?? 0;
    if (texts > TEXTS_PER_STEP && end > model.described) break;
    end += 1;
  }
  return end;
}

function backgroundOf(stored: NonNullable<ClusterModelRecord["background"]>): TermCounts {
  return {
    texts: stored.texts,
    counts: new Map(stored.terms.map((term, at) => [term, stored.counts[at] ?? 0])),
  };
}

function beginnings(texts: readonly string[]): string[] {
  return texts.map((text) => text.slice(0, TERMS_WITHIN));
}
