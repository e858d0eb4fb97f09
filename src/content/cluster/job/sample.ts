import type { DocumentCursor } from "../cluster-store.ts";
import { hashToUnit } from "../../clustering/random.ts";
import { IDS_PER_SCAN, sampleSize, SHARD_SIZE } from "./limits.ts";
import { type Changes, type Phase, requireCollections, tooFewDocuments } from "./phase.ts";

/** How much more than wanted the scan takes, since a random share of n documents is not exact. */
const MARGIN = 1.05;

/** Where going through all documents starts. */
export const FIRST_DOCUMENT: DocumentCursor = { collection: 0, after_id: null };

/** The place behind a page of documents; null behind the last one of the last collection. */
export function cursorAfter(
  cursor: DocumentCursor,
  lastId: string | undefined,
  isLastOfCollection: boolean,
  collections: number,
): DocumentCursor | null {
  if (!isLastOfCollection) return { ...cursor, after_id: lastId ?? cursor.after_id };
  const collection = cursor.collection + 1;
  return collection < collections ? { collection, after_id: null } : null;
}

/**
 * Reads a page of ids and keeps those that belong to the training sample: each document is in it or
 * not by the hash of its id, so that nothing has to be remembered from page to page.
 */
export const scan: Phase = async ({ model, ctx }) => {
  const { collection_ids, k, seed } = ctx.resource;
  const { models, documents } = ctx.stores.clustering;
  const collectionId = collection_ids[model.cursor.collection] ?? "";
  const ids = await documents.ids(collectionId, model.cursor.after_id, IDS_PER_SCAN);
  const share = (MARGIN * sampleSize(k)) / model.documents;
  const chosen = ids.filter((id) => hashToUnit(seed, id) < share);
  await models.writeParts(model, [{ kind: "page", number: model.parts, ids: chosen }]);
  const isLast = ids.length < IDS_PER_SCAN;
  const cursor = cursorAfter(model.cursor, ids.at(-1), isLast, collection_ids.length);
  const parts = model.parts + 1;
  return cursor === null ? { phase: "deal", parts } : { cursor, parts };
};

/**
 * Deals the sample to shards in the order of the ids' hashes: each shard is a random part of the
 * whole, and a mini-batch needs to read no more than one.
 */
export const deal: Phase = async ({ model, parts, ctx }): Promise<Changes> => {
  const { k, seed } = ctx.resource;
  const ids = shuffled(parts.flat(), seed).slice(0, sampleSize(k));
  if (ids.length < (k === "auto" ? 2 : k)) {
    await requireCollections(ctx);
    throw tooFewDocuments(ids.length, k);
  }
  const shards = Array.from({ length: Math.ceil(ids.length / SHARD_SIZE) }, (_, number) => ({
    kind: "shard" as const,
    number,
    ids: ids.slice(number * SHARD_SIZE, (number + 1) * SHARD_SIZE),
  }));
  await ctx.stores.clustering.models.writeParts(model, shards);
  return {
    phase: model.k === null ? "choose" : "seed",
    parts: shards.length,
    sampled: ids.length,
  };
};

function shuffled(ids: readonly string[], seed: number): readonly string[] {
  return [...new Set(ids)]
    .map((id) => ({ id, place: hashToUnit(seed, id) }))
    .toSorted((a, b) => a.place - b.place || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
}
