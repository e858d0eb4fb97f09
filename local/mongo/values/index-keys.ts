/**
 * The keys under which an index files a document: one, or one per element where a field is an
 * array (a multikey index).
 * Source: https://www.mongodb.com/docs/manual/core/indexes/index-types/index-multikey/
 */
import { CommandError } from "../errors.ts";
import { compareValues } from "./compare.ts";
import { arrayIndex, fieldOf } from "./paths.ts";
import { isDoc } from "./types.ts";
import type { Doc } from "./types.ts";

export type IndexKey = readonly unknown[];

export type ExtractedKeys = {
  readonly keys: readonly IndexKey[];
  /** Per field of the index, whether an array was opened on its path. */
  readonly opened: readonly boolean[];
};

/** How far one field's path has been followed. `isOpened`: its array was opened, what is here is the value. */
type Walk = {
  readonly value: unknown;
  readonly rest: readonly string[];
  readonly isOpened: boolean;
};

/** Follows the path up to its end or up to an array that has to be opened. */
function advance(walk: Walk): Walk {
  let { value, rest } = walk;
  while (rest.length > 0) {
    const [part = ""] = rest;
    if (isDoc(value)) value = fieldOf(value, part);
    else if (Array.isArray(value)) {
      const index = arrayIndex(part);
      if (index === null || index >= value.length) break;
      value = value[index];
    } else value = undefined;
    rest = rest.slice(1);
  }
  // What stands deeper than the opened array may be an array of its own.
  return { value, rest, isOpened: walk.isOpened && rest.length === walk.rest.length };
}

const needsOpening = (walk: Walk): boolean => !(walk.isOpened && walk.rest.length === 0);

export function extractKeys(doc: Doc, paths: readonly (readonly string[])[]): ExtractedKeys {
  const opened = paths.map(() => false);
  const keys = expand(
    paths.map((rest) => ({ value: doc, rest, isOpened: false })),
    opened,
    paths,
  );
  if (keys.length < 2) return { keys, opened };
  const sorted = keys.toSorted(compareKeys);
  return {
    keys: sorted.filter((key, i) => i === 0 || compareKeys(key, sorted[i - 1] ?? []) !== 0),
    opened,
  };
}

function expand(
  walks: readonly Walk[],
  opened: boolean[],
  paths: readonly (readonly string[])[],
): IndexKey[] {
  const here = walks.map(advance);
  let array: unknown[] | null = null;
  let openedBy = -1;
  for (const [i, walk] of here.entries()) {
    if (!Array.isArray(walk.value) || !needsOpening(walk)) continue;
    if (array !== null && walk.value !== array) {
      throw new CommandError(
        171,
        `cannot index parallel arrays [${paths[i]?.join(".")}] [${paths[openedBy]?.join(".")}]`,
      );
    }
    array = walk.value;
    openedBy = i;
    opened[i] = true;
  }
  if (array === null) return [here.map((walk) => walk.value ?? null)];
  if (array.length === 0) {
    // The sort key of an empty array is below null; a field looked for inside one is missing.
    return [
      here.map((walk) =>
        walk.value === array && walk.rest.length === 0 ? undefined : scalar(walk, array),
      ),
    ];
  }
  const opening = array;
  return opening.flatMap((item) =>
    expand(
      here.map((walk) => {
        if (walk.value !== opening) return walk;
        // Only documents inside an array are looked into: a nested array is a value.
        const value = walk.rest.length > 0 && Array.isArray(item) ? null : item;
        return { value, rest: walk.rest, isOpened: true };
      }),
      opened,
      paths,
    ),
  );
}

function scalar(walk: Walk, array: readonly unknown[] | null): unknown {
  return walk.value === array ? null : (walk.value ?? null);
}

function compareKeys(a: IndexKey, b: IndexKey): number {
  for (let i = 0; i < a.length; i += 1) {
    const order = compareValues(a[i], b[i]);
    if (order !== 0) return order;
  }
  return 0;
}
