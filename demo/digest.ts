import { createHash } from "node:crypto";
import type { CollectionDocument } from "../src/contract/document.ts";

/**
 * The SHA-256 of what documents say, in hex, whatever their order: texts, metadata, vectors and
 * labels, without the ids, which are others in a copy.
 */
export function digestOf(documents: readonly CollectionDocument[]): string {
  const rows = documents.map(({ chunk_index, text, metadata, enrichments, embedding }) => {
    const labels = Object.values(enrichments["taxonomies"] ?? {});
    return JSON.stringify([text, chunk_index, sorted(metadata), labels, embedding]);
  });
  return createHash("sha256").update(rows.toSorted().join("\n")).digest("hex");
}

function sorted(metadata: CollectionDocument["metadata"]): [string, unknown][] {
  return Object.entries(metadata).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
