/**
 * Whether an index holds every document that a branch can match: sparse and partial indexes may not.
 * Source: https://www.mongodb.com/docs/manual/core/index-partial/#query-coverage
 */
import { compileFilter } from "../query/matcher.ts";
import type { CollectionIndex } from "../storage/index.ts";
import { identical } from "../values/compare.ts";
import { isDoc } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { branchesOf } from "./conditions.ts";
import type { Branch, Condition } from "./conditions.ts";
import { boundsOf } from "./intervals.ts";

export function covers(index: CollectionIndex, branch: Branch, filter: Doc): boolean {
  const { isSparse, partialFilter, fields } = index.spec;
  if (isSparse && !fields.some((field) => requiresPresence(branch.get(field.path) ?? [])))
    return false;
  return partialFilter === null || implies(branch, filter, partialFilter);
}

function requiresPresence(conditions: readonly Condition[]): boolean {
  return conditions.some(
    (condition) => condition.kind !== "points" || !condition.values.includes(null),
  );
}

function implies(branch: Branch, filter: Doc, partial: Doc): boolean {
  return Object.keys(partial).every((path) => {
    const wanted = partial[path];
    if (path === "$and") {
      return (
        Array.isArray(wanted) &&
        wanted.every((clause) => isDoc(clause) && implies(branch, filter, clause))
      );
    }
    if (path.startsWith("$")) return false;
    return identical(filter[path], wanted) || conditionsImply(branch.get(path) ?? [], wanted);
  });
}

function conditionsImply(conditions: readonly Condition[], wanted: unknown): boolean {
  const bounds = boundsOf(conditions, false);
  if (bounds?.kind === "points") {
    const test = compileFilter({ value: wanted });
    return bounds.values.every((value) => test({ value }));
  }
  const [target, ...others] = branchesOf({ value: wanted });
  const needed = target?.get("value") ?? [];
  const isUnderstood = isDoc(wanted) && needed.length === Object.keys(wanted).length;
  if (others.length > 0 || !isUnderstood) return false;
  // A range implies existence, and any range that holds its ends.
  return needed.every((need) => {
    if (need.kind === "exists") return requiresPresence(conditions);
    if (need.kind !== "range" || bounds === null) return false;
    const end = need.operator === "$gt" || need.operator === "$gte" ? bounds.low : bounds.high;
    if (end === null) return false;
    const isWithin = compileFilter({ value: { [need.operator]: need.value } });
    // An open end may touch a bound that is itself excluded.
    return isWithin({ value: end.value }) || (!end.isInclusive && identical(end.value, need.value));
  });
}
