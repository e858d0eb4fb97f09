/**
 * What a document may not be if it is to be stored.
 * Source: https://www.mongodb.com/docs/manual/reference/limits/#bson-documents
 */
import { CommandError } from "../errors.ts";
import { isDoc, isRegex } from "./types.ts";
import type { Doc } from "./types.ts";

/** The manual says 100; the server refuses from here. */
const MAX_STORED_DEPTH = 180;

export function checkDepth(doc: Doc): void {
  if (isDeeper(doc, MAX_STORED_DEPTH)) {
    throw new CommandError(15, `Document exceeds maximum nested depth of ${MAX_STORED_DEPTH}`);
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) {
    return levels === 0 || value.some((item) => isDeeper(item, levels - 1));
  }
  if (!isDoc(value)) return false;
  if (levels === 0) return true;
  for (const name in value) if (isDeeper(value[name], levels - 1)) return true;
  return false;
}

/** Every document has an _id, which is neither an array nor a regex and hides no operators. */
export function checkId(id: unknown): void {
  if (Array.isArray(id)) throw new CommandError(53, "The '_id' value cannot be of type array");
  if (isRegex(id)) throw new CommandError(53, "The '_id' value cannot be of type regex");
  if (id === undefined) throw new CommandError(53, "The '_id' value cannot be of type undefined");
  const stray = isDoc(id) ? Object.keys(id).find((name) => name.startsWith("$")) : undefined;
  if (stray !== undefined) {
    throw new CommandError(
      52,
      `_id fields may not contain '$'-prefixed fields: ${stray} is not valid for storage.`,
    );
  }
}
