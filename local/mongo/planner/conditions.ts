/**
 * What a filter says about single fields, in disjunctive form: one branch per way to satisfy its
 * `$or`s. Conditions that no index can serve are left out; the whole filter is tested on every
 * candidate anyway.
 */
import { isOperatorDoc } from "../query/matcher.ts";
import { isDoc, isRegex, RANK, rankOf } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { isNaNValue } from "../values/compare.ts";
import type { RangeOperator } from "../query/comparison.ts";

export type Condition =
  | { readonly kind: "points"; readonly values: readonly unknown[] }
  | { readonly kind: "range"; readonly operator: RangeOperator; readonly value: unknown }
  | { readonly kind: "exists" };

export type Branch = ReadonlyMap<string, readonly Condition[]>;

/** Beyond it an `$or` is not split: it becomes part of what is tested on candidates. */
const MAX_BRANCHES = 64;

export function branchesOf(filter: Doc): Branch[] {
  let branches: Branch[] = [new Map()];
  for (const key of Object.keys(filter)) {
    const value = filter[key];
    if (key === "$and" && Array.isArray(value)) {
      for (const clause of value) if (isDoc(clause)) branches = cross(branches, branchesOf(clause));
    } else if (key === "$or" && Array.isArray(value)) {
      const options = value.flatMap((clause: unknown) => (isDoc(clause) ? branchesOf(clause) : []));
      branches = cross(branches, options);
    } else if (!key.startsWith("$")) {
      branches = cross(branches, [new Map(conditionsAt(key, value))]);
    }
  }
  return branches;
}

function cross(left: readonly Branch[], right: readonly Branch[]): Branch[] {
  if (left.length * right.length > MAX_BRANCHES) return [...left];
  return left.flatMap((a) => right.map((b) => merge(a, b)));
}

function merge(a: Branch, b: Branch): Branch {
  const merged = new Map(a);
  for (const [path, conditions] of b) {
    merged.set(path, [...(merged.get(path) ?? []), ...conditions]);
  }
  return merged;
}

function conditionsAt(path: string, value: unknown): [string, Condition[]][] {
  if (!isOperatorDoc(value)) return isPoint(value) ? [[path, [points([value])]]] : [];
  return Object.keys(value)
    .flatMap((operator): [string, Condition[]][] => {
      const operand = value[operator];
      const isInsideElement =
        operator === "$elemMatch" && isDoc(operand) && !isOperatorDoc(operand);
      if (isInsideElement) {
        // One element has to meet them all; each alone is a necessary condition.
        return Object.keys(operand).flatMap((key) =>
          // An element that is an array has its indexes for fields, which no index files it by.
          key.startsWith("$") || /^\d/.test(key)
            ? []
            : conditionsAt(`${path}.${key}`, operand[key]),
        );
      }
      const condition = conditionOf(operator, operand);
      return condition === null ? [] : [[path, [condition]]];
    })
    .reduce<[string, Condition[]][]>(groupByPath, []);
}

function groupByPath(groups: [string, Condition[]][], [path, conditions]: [string, Condition[]]) {
  const group = groups.find(([other]) => other === path);
  if (group === undefined) groups.push([path, conditions]);
  else group[1] = [...group[1], ...conditions];
  return groups;
}

function conditionOf(operator: string, operand: unknown): Condition | null {
  switch (operator) {
    case "$eq":
      return isPoint(operand) ? points([operand]) : null;
    case "$in":
      return Array.isArray(operand) && operand.every(isPoint) ? points(operand) : null;
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return isRangeable(operand) ? { kind: "range", operator, value: operand } : null;
    case "$exists":
      return operand === true || operand === 1 ? { kind: "exists" } : null;
    default:
      return null;
  }
}

const points = (values: readonly unknown[]): Condition => ({
  kind: "points",
  values: values.map((value) => value ?? null),
});

/** An array equals arrays whole, but is filed by its elements; a regex matches many strings. */
function isPoint(value: unknown): boolean {
  return !Array.isArray(value) && !isRegex(value);
}

function isRangeable(value: unknown): boolean {
  const rank = rankOf(value);
  const hasBracket =
    rank > RANK.null && rank !== RANK.array && rank !== RANK.regex && rank !== RANK.maxKey;
  return hasBracket && !isNaNValue(value);
}
