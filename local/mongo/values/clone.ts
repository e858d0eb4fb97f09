/**
 * Stored documents are never changed in place: an update works on a clone. Leaves (dates, ids,
 * binaries) are shared, because nothing here mutates one.
 */
import { isDoc } from "./types.ts";
import type { Doc } from "./types.ts";

export function cloneValue(value: unknown): unknown {
  if (isDoc(value)) return cloneDoc(value);
  return Array.isArray(value) ? value.map(cloneValue) : value;
}

export function cloneDoc(doc: Doc): Doc {
  const copy: Doc = {};
  for (const key of Object.keys(doc)) copy[key] = cloneValue(doc[key]);
  return copy;
}
