/** The stretches of an index field's values within which a condition can hold. */
import { rangePredicate } from "../query/comparison.ts";
import { compareValues } from "../values/compare.ts";
import { rankOf } from "../values/types.ts";
import type { Condition } from "./conditions.ts";

/** Absent: up to the edge of the type, for a range matches values of its operand's type only. */
export type Bound = { readonly value: unknown; readonly isInclusive: boolean } | null;

export type FieldBounds =
  | { readonly kind: "points"; readonly values: readonly unknown[] }
  | { readonly kind: "interval"; readonly rank: number; readonly low: Bound; readonly high: Bound };

/** Null: the conditions say nothing that an index could use. */
export function boundsOf(
  conditions: readonly Condition[],
  isMultikey: boolean,
): FieldBounds | null {
  // In an array different elements may meet different conditions: only one can bound the scan.
  const useful = isMultikey ? mostSelective(conditions) : conditions;
  const pointSets = useful.flatMap((condition) =>
    condition.kind === "points" ? [condition.values] : [],
  );
  const ranges = useful.filter((condition) => condition.kind === "range");
  const [first, ...others] = pointSets;
  if (first !== undefined) {
    const tests = ranges.map((range) => rangePredicate(range.operator, range.value));
    const distinct = distinctSorted(first);
    if (others.length + tests.length === 0) return { kind: "points", values: distinct };
    const values = distinct.filter(
      (value) =>
        others.every((set) => set.some((other) => compareValues(value, other) === 0)) &&
        tests.every((test) => test(value)),
    );
    return { kind: "points", values };
  }
  return ranges.length === 0 ? null : intersect(ranges);
}

function mostSelective(conditions: readonly Condition[]): Condition[] {
  const best =
    conditions.find((condition) => condition.kind === "points") ??
    conditions.find((condition) => condition.kind === "range");
  return best === undefined ? [] : [best];
}

/** What was sorted before: each index that is considered asks for the same points. */
const sortedBefore = new WeakMap<readonly unknown[], readonly unknown[]>();

function distinctSorted(values: readonly unknown[]): readonly unknown[] {
  const known = sortedBefore.get(values);
  if (known !== undefined) return known;
  const sorted = values.toSorted(compareValues);
  const distinct = sorted.filter(
    (value, i) => i === 0 || compareValues(value, sorted[i - 1]) !== 0,
  );
  sortedBefore.set(values, distinct);
  return distinct;
}

function intersect(ranges: readonly Extract<Condition, { kind: "range" }>[]): FieldBounds {
  const rank = rankOf(ranges[0]?.value);
  let low: Bound = null;
  let high: Bound = null;
  for (const { operator, value } of ranges) {
    // No value is of two types.
    if (rankOf(value) !== rank) return { kind: "points", values: [] };
    const isInclusive = operator === "$gte" || operator === "$lte";
    const isLow = operator === "$gt" || operator === "$gte";
    const current: Bound = isLow ? low : high;
    const order: number =
      current === null ? 1 : compareValues(value, current.value) * (isLow ? 1 : -1);
    const isTighter = order > 0 || (order === 0 && !isInclusive);
    if (!isTighter) continue;
    if (isLow) low = { value, isInclusive };
    else high = { value, isInclusive };
  }
  return { kind: "interval", rank, low, high };
}

/** Negative when the value lies below the interval, positive above, 0 inside. */
export function placeIn(
  value: unknown,
  interval: Extract<FieldBounds, { kind: "interval" }>,
): number {
  const byRank = rankOf(value) - interval.rank;
  if (byRank !== 0) return byRank;
  const { low, high } = interval;
  if (low !== null) {
    const order = compareValues(value, low.value);
    if (order < 0 || (order === 0 && !low.isInclusive)) return -1;
  }
  if (high !== null) {
    const order = compareValues(value, high.value);
    if (order > 0 || (order === 0 && !high.isInclusive)) return 1;
  }
  return 0;
}
