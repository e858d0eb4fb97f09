/**
 * What accumulators and the functions of the same names reckon over a list of values.
 * Source: https://www.mongodb.com/docs/manual/reference/operator/aggregation/sum/
 */
import { compareValues } from "../values/compare.ts";
import { calculateWidening } from "../values/numbers.ts";
import { RANK, rankOf, toNumber } from "../values/types.ts";

const numbersOf = (values: readonly unknown[]): unknown[] =>
  values.filter((value) => rankOf(value) === RANK.number);

/** What is no number counts for nothing. */
export function sumOf(values: readonly unknown[]): unknown {
  return numbersOf(values).reduce((sum, value) => calculateWidening("add", sum, value), 0);
}

/** A double; null where there is no number. */
export function averageOf(values: readonly unknown[]): number | null {
  const numbers = numbersOf(values);
  return numbers.length === 0 ? null : (toNumber(sumOf(numbers)) ?? 0) / numbers.length;
}

/** The least (-1) or greatest (1) in BSON's order; null and missing values do not count. */
export function extremeOf(values: readonly unknown[], direction: 1 | -1): unknown {
  let best: unknown = null;
  for (const value of values) {
    if (value === null || value === undefined) continue;
    if (best === null || compareValues(value, best) * direction > 0) best = value;
  }
  return best;
}
