/**
 * Whether an index yields the documents of some ranges in the order asked for.
 * Source: https://www.mongodb.com/docs/manual/tutorial/sort-results-with-indexes/
 */
import type { SortField } from "../query/sort.ts";
import type { CollectionIndex } from "../storage/index.ts";
import type { Range } from "./ranges.ts";

export type SortedScan = {
  readonly isReversed: boolean;
  /** The index fields by which several ranges are merged, in the sort's order. */
  readonly mergeFields: readonly { readonly position: number; readonly direction: 1 | -1 }[];
};

/** Merging looks at each range's head for every document: beyond this a sort is cheaper. */
const MAX_MERGED_RANGES = 64;

export function sortThrough(
  index: CollectionIndex,
  ranges: readonly Range[],
  sort: readonly SortField[],
): SortedScan | null {
  if (ranges.length > MAX_MERGED_RANGES) return null;
  const mergeFields: { position: number; direction: 1 | -1 }[] = [];
  for (const { path, direction } of sort) {
    const position = index.spec.fields.findIndex((field) => field.path === path);
    // An array sorts by its least or greatest element, which its entries within bounds need not hold.
    if (position === -1 || index.multikey[position] === true) return null;
    mergeFields.push({ position, direction });
  }
  let isReversed: boolean | null = null;
  for (const range of ranges) {
    let next = 0;
    for (const { position, direction } of mergeFields) {
      // A field with one value all over the range does not disturb the order, wherever it stands.
      if (position < range.constants) continue;
      while (next < range.constants) next += 1;
      if (position !== next) return null;
      const isAgainst = index.spec.fields[position]?.direction !== direction;
      if (isReversed !== null && isReversed !== isAgainst) return null;
      isReversed = isAgainst;
      next += 1;
    }
  }
  return { isReversed: isReversed ?? false, mergeFields };
}
