/**
 * Equality, order and membership, each tested on the value a path leads to: on the value itself
 * and, when it is an array, on its elements.
 * Source: https://www.mongodb.com/docs/manual/reference/operator/query-comparison/
 */
import { badValue } from "../errors.ts";
import { compareValues, hashKey, isNaNValue, sameValue } from "../values/compare.ts";
import { isDoc, isRegex, RANK, rankOf } from "../values/types.ts";
import { onValueOrElements } from "./leaf.ts";
import type { Leaf } from "./leaf.ts";
import { regexPredicate } from "./regex.ts";

export function equalsPredicate(operand: unknown): Leaf {
  if (operand === null || operand === undefined) {
    return onValueOrElements((value) => value === null || value === undefined);
  }
  if (typeof operand === "string" || typeof operand === "boolean") {
    return onValueOrElements((value) => value === operand);
  }
  return onValueOrElements((value) => sameValue(value, operand));
}

export type RangeOperator = "$gt" | "$gte" | "$lt" | "$lte";

const HOLDS: Record<RangeOperator, (order: number) => boolean> = {
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
};

export function rangePredicate(operator: RangeOperator, operand: unknown): Leaf {
  if (isRegex(operand)) throw badValue("Can't have RegEx as arg to predicate over field");
  const isInclusive = operator === "$gte" || operator === "$lte";
  const rank = rankOf(operand);
  if (operand === null || operand === undefined || isNaNValue(operand)) {
    // Null and NaN have no order: only the inclusive operators match them, as equality.
    return isInclusive ? equalsPredicate(operand) : () => false;
  }
  const holds = HOLDS[operator];
  const isUnbracketed = rank === RANK.minKey || rank === RANK.maxKey;
  // What is missing lies between MinKey and MaxKey as null does.
  if (isUnbracketed) {
    return onValueOrElements((value) => holds(compareValues(value ?? null, operand)));
  }
  return onValueOrElements((value) => {
    // Type bracketing: a value of another type is neither above nor below.
    if (value === undefined || rankOf(value) !== rank) return false;
    return !isNaNValue(value) && holds(compareValues(value, operand));
  });
}

export function memberPredicate(operator: string, operand: unknown): Leaf {
  if (!Array.isArray(operand)) throw badValue(`${operator} needs an array`);
  const hashed = new Set<string>();
  const others: Leaf[] = [];
  for (const item of operand as unknown[]) {
    if (isDoc(item) && Object.keys(item)[0]?.startsWith("$") === true) {
      throw badValue(`cannot nest $ under ${operator}`);
    }
    const key = hashKey(item);
    if (key !== null) hashed.add(key);
    // A decimal can equal a number and has no hash key.
    if (isRegex(item)) others.push(regexPredicate(item));
    else if (key === null || rankOf(item) === RANK.number) others.push(equalsPredicate(item));
  }
  const isHashed: Leaf = (value) => {
    const key = hashKey(value);
    return key !== null && hashed.has(key);
  };
  const inHash = onValueOrElements(isHashed);
  return (leaf) => (hashed.size > 0 && inHash(leaf)) || others.some((test) => test(leaf));
}
