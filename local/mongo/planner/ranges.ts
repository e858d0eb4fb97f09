/** From the conditions of a branch to stretches of one index. */
import type { CollectionIndex } from "../storage/index.ts";
import type { Position } from "../storage/sorted-list.ts";
import { compareValues } from "../values/compare.ts";
import type { Branch } from "./conditions.ts";
import { boundsOf, placeIn } from "./intervals.ts";
import type { FieldBounds } from "./intervals.ts";

export type Range = {
  readonly from: Position;
  readonly to: Position;
  /** How many leading fields of the index have one value all over the range. */
  readonly constants: number;
  /** How many leading fields the conditions bound. */
  readonly bounded: number;
};

/** Beyond it a further `$in` is not multiplied out. */
const MAX_RANGES = 20_000;

type Interval = Extract<FieldBounds, { kind: "interval" }>;

export function rangesOf(index: CollectionIndex, branch: Branch): Range[] {
  let prefixes: unknown[][] = [[]];
  let interval: Interval | null = null;
  let hasMultikeyBound = false;
  for (const [i, field] of index.spec.fields.entries()) {
    const isMultikey = index.multikey[i] === true;
    // Two fields of one array may be met by different elements, which are different entries.
    if (isMultikey && hasMultikeyBound) break;
    const bounds = boundsOf(branch.get(field.path) ?? [], isMultikey);
    if (bounds === null) break;
    hasMultikeyBound ||= isMultikey;
    if (bounds.kind === "interval") {
      interval = bounds;
      break;
    }
    if (prefixes.length * bounds.values.length > MAX_RANGES) break;
    const values = field.direction === 1 ? bounds.values : bounds.values.toReversed();
    prefixes = prefixes.flatMap((prefix) => values.map((value) => prefix.concat([value])));
  }
  // They come in the index's order, so that each lies a little after the one before.
  const directions = index.spec.fields.map((field) => field.direction);
  let near = index.entries.start();
  return prefixes.map((prefix) => {
    const range = locate(index, directions, prefix, interval, near);
    near = range.to;
    return range;
  });
}

function locate(
  { entries }: CollectionIndex,
  directions: readonly number[],
  prefix: readonly unknown[],
  interval: Interval | null,
  near: Position,
): Range {
  const place = (key: readonly unknown[]): number => {
    for (let i = 0; i < prefix.length; i += 1) {
      const order = compareValues(key[i], prefix[i]);
      if (order !== 0) return order * (directions[i] ?? 1);
    }
    if (interval === null) return 0;
    return placeIn(key[prefix.length], interval) * (directions[prefix.length] ?? 1);
  };
  const isWhole = prefix.length === 0 && interval === null;
  const from = isWhole
    ? entries.start()
    : entries.partitionPointNear(near, (entry) => place(entry.key) < 0);
  return {
    from,
    to: isWhole
      ? entries.end()
      : entries.partitionPointNear(from, (entry) => place(entry.key) <= 0),
    constants: prefix.length,
    bounded: prefix.length + (interval === null ? 0 : 1),
  };
}
