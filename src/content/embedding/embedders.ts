import type { Embedder } from "./embedder.ts";
import { hashedNgramEmbedder } from "./hashed-ngram.ts";

/** Every embedder by its name. Names are stored with collections: none is ever taken away. */
const EMBEDDERS: ReadonlyMap<string, Embedder> = new Map(
  [hashedNgramEmbedder].map((embedder) => [embedder.name, embedder]),
);

/** The embedder of that name, or null when there is none. */
export function findEmbedder(name: string): Embedder | null {
  return EMBEDDERS.get(name) ?? null;
}
