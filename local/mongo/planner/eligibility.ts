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

/**
 * Each thing wanted has to follow from one condition alone: in an array two conditions may be met by
 * different elements, so that what they say together holds for neither.
 */
function conditionsImply(conditions: readonly Condition[], wanted: unknown): boolean {
  if (conditions.some((condition) => pointsImply(condition, wanted))) return true;
  const [target, ...others] = branchesOf({ value: wanted });
  const needed = target?.get("value") ?? [];
  const isUnderstood = isDoc(wanted) && needed.length === Object.keys(wanted).length;
  if (others.length > 0 || !isUnderstood) return false;
  return needed.every((need) => conditions.some((condition) => impliesNeed(condition, need)));
}

/** Whether every value that the condition asks for is one that the partial filter takes. */
function pointsImply(condition: Condition, wanted: unknown): boolean {
  if (condition.kind !== "points") return false;
  const test = compileFilter({ value: wanted });
  // Null is asked of missing fields too.
  return condition.values.every((value) => test({ value }) && (value !== null || test({})));
}

function impliesNeed(condition: Condition, need: Condition): boolean {
  if (need.kind === "points") return false;
  // A range implies existence, and any range that holds its ends.
  if (need.kind === "exists") return requiresPresence([condition]);
  if (condition.kind !== "range" || condition.operator[1] !== need.operator[1]) return false;
  const isWithin = compileFilter({ value: { [need.operator]: need.value } });
  // An open end may touch a bound that is itself excluded.
  return (
    isWithin({ value: condition.value }) ||
    (!condition.operator.endsWith("e") && identical(condition.value, need.value))
  );
}
