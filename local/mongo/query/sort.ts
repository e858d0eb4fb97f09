/** Sort orders. Source: https://www.mongodb.com/docs/manual/reference/method/cursor.sort/ */
import { badValue, CommandError, unsupported } from "../errors.ts";
import { compareValues } from "../values/compare.ts";
import { extractKeys } from "../values/index-keys.ts";
import { fieldPath, splitPath } from "../values/paths.ts";
import { isDoc, toNumber } from "../values/types.ts";
import type { Doc } from "../values/types.ts";

export type SortField = { readonly path: string; readonly direction: 1 | -1 };

/** https://www.mongodb.com/docs/manual/reference/method/cursor.sort/#limits */
const MAX_SORT_FIELDS = 32;

export function parseSort(spec: Doc): SortField[] {
  const paths = Object.keys(spec);
  if (paths.length > MAX_SORT_FIELDS) throw badValue("too many compound keys");
  return paths.map((path) => {
    const value = spec[path];
    if (path === "$natural") throw unsupported("Sorting by $natural");
    if (isDoc(value)) throw unsupported(`Sorting by ${Object.keys(value)[0] ?? "an expression"}`);
    const direction = toNumber(value);
    if (direction !== 1 && direction !== -1) {
      throw new CommandError(
        15975,
        "$sort key ordering must be 1 (for ascending) or -1 (for descending)",
      );
    }
    fieldPath(path);
    return { path, direction };
  });
}

type SortKey = readonly unknown[];

/** Sorts without changing the input; equal documents keep their order. */
export function sortDocs<T>(
  items: readonly T[],
  sort: readonly SortField[],
  docOf: (item: T) => Doc,
): T[] {
  const paths = sort.map((field) => splitPath(field.path));
  const directions = sort.map((field) => field.direction);
  const compare = (a: SortKey, b: SortKey): number => {
    for (const [i, direction] of directions.entries()) {
      const order = compareValues(a[i], b[i]) * direction;
      if (order !== 0) return order;
    }
    return 0;
  };
  const keyed = items.map((item) => ({ item, key: sortKey(docOf(item), paths, compare) }));
  keyed.sort((a, b) => compare(a.key, b.key));
  return keyed.map((entry) => entry.item);
}

/**
 * Of the keys under which an index would file the document, the one that comes first: an array sorts
 * by its least element ascending and its greatest descending, and one element gives all the fields
 * that lead into the same array.
 */
function sortKey(
  doc: Doc,
  paths: readonly (readonly string[])[],
  compare: (a: SortKey, b: SortKey) => number,
): SortKey {
  const plain = plainKey(doc, paths);
  if (plain !== null) return plain;
  const [first = [], ...others] = keysForSort(doc, paths);
  return others.reduce((best, key) => (compare(key, best) < 0 ? key : best), first);
}

/** The short way, for fields at the top that hold no arrays. */
function plainKey(doc: Doc, paths: readonly (readonly string[])[]): SortKey | null {
  const key: unknown[] = [];
  for (const path of paths) {
    const [name = "", ...rest] = path;
    const value = Object.hasOwn(doc, name) ? doc[name] : undefined;
    if (rest.length > 0 || Array.isArray(value)) return null;
    key.push(value ?? null);
  }
  return key;
}

function keysForSort(doc: Doc, paths: readonly (readonly string[])[]): readonly SortKey[] {
  try {
    return extractKeys(doc, paths).keys;
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== 171) throw error;
    throw badValue("cannot sort with keys that are parallel arrays");
  }
}
