import { parseConfig } from "../../src/config.ts";
import { createNewId } from "../../src/ids.ts";
import type { CollectionRecord } from "../../src/content/collections/collection-store.ts";
import type { Runtime } from "../../src/ports/runtime.ts";
import { ENVIRONMENT } from "../support/environment.ts";

// What the worlds of the jobs' unit tests are made of.

/** When everything in such a world happens. */
export const NOW = new Date("2026-11-24T00:00:00.000Z");
let ticks = 0;

/** Ids one millisecond apart, so that they are in the order in which they were made. */
export const newId = createNewId(() => new Date(NOW.getTime() + ticks++));

export const config = parseConfig(ENVIRONMENT);

/** A runtime whose time stands still. */
export function runtimeWith(own: Pick<Runtime, "random" | "fetch">): Runtime {
  return { now: () => NOW, newId, log: () => {}, defer: () => {}, ...own };
}

/** A collection of the namespace `ns`, with the default embedder unless told. */
export function collectionRecord(
  own: Pick<CollectionRecord, "_id" | "name"> & Partial<CollectionRecord>,
): CollectionRecord {
  return {
    namespace_id: "ns",
    status: "ACTIVE",
    metadata: {},
    created_at: NOW,
    updated_at: NOW,
    embedder: "hashed-ngram-256",
    schema: { embedding: { dimensions: 256 } },
    ...own,
  };
}
