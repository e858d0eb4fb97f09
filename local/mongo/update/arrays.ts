/**
 * The array operators. Each takes the array as it is (or undefined) and gives the new one.
 * Source: https://www.mongodb.com/docs/manual/reference/operator/update-array/
 */
import { badValue, failedToParse, typeMismatch } from "../errors.ts";
import { compileFilter, isValueCondition, valueTest } from "../query/matcher.ts";
import type { Filter } from "../query/matcher.ts";
import { parseSort, sortDocs } from "../query/sort.ts";
import { compareValues, sameValue } from "../values/compare.ts";
import { shellText } from "../values/shell.ts";
import { isDoc, isRegex, toNumber, typeName } from "../values/types.ts";
import type { Doc } from "../values/types.ts";

type Target = { readonly path: string; readonly id: unknown };

const PUSH_MODIFIERS = new Set(["$each", "$slice", "$sort", "$position"]);

export function push(current: unknown, operand: unknown, target: Target): unknown[] {
  const array = arrayOr(current, () =>
    badValue(
      `The field '${target.path}' must be an array but is of type ${typeName(current)} in document {_id: ${shellText(target.id)}}`,
    ),
  );
  if (!isDoc(operand) || !Object.hasOwn(operand, "$each")) return [...array, operand];
  const stray = Object.keys(operand).find((key) => !PUSH_MODIFIERS.has(key));
  if (stray !== undefined) throw badValue(`Unrecognized clause in $push: ${stray}`);
  const each = operand["$each"];
  if (!Array.isArray(each)) {
    throw badValue(
      `The argument to $each in $push must be an array but it was of type: ${typeName(each)}`,
    );
  }
  const position = integer(operand, "$position") ?? array.length;
  const at = position < 0 ? Math.max(0, array.length + position) : position;
  let result: unknown[] = array.toSpliced(at, 0, ...(each as unknown[]));
  if (operand["$sort"] !== undefined) result = sorted(result, operand["$sort"]);
  const slice = integer(operand, "$slice");
  if (slice === null) return result;
  if (slice === 0) return [];
  return slice > 0 ? result.slice(0, slice) : result.slice(slice);
}

function integer(operand: Doc, name: string): number | null {
  if (operand[name] === undefined) return null;
  const number = toNumber(operand[name]);
  if (number === null || !Number.isInteger(number)) {
    throw badValue(
      `The value for ${name} must be an integer value but was given type: ${typeName(operand[name])}`,
    );
  }
  return number;
}

function sorted(items: unknown[], spec: unknown): unknown[] {
  if (isDoc(spec)) {
    return sortDocs(items, parseSort(spec), (item) => (isDoc(item) ? item : {}));
  }
  const direction = toNumber(spec);
  if (direction !== 1 && direction !== -1) {
    throw badValue("The $sort element value must be either 1 or -1");
  }
  return items.toSorted((a, b) => compareValues(a, b) * direction);
}

export function addToSet(current: unknown, operand: unknown, target: Target): unknown[] {
  const array = arrayOr(current, () =>
    badValue(
      `Cannot apply $addToSet to non-array field. Field named '${target.path.split(".").at(-1)}' has non-array type ${typeName(current)}`,
    ),
  );
  const hasEach = isDoc(operand) && Object.hasOwn(operand, "$each");
  if (hasEach && Object.keys(operand).length > 1) {
    throw badValue(`Found unexpected fields after $each in $addToSet: ${shellText(operand)}`);
  }
  const each = hasEach ? operand["$each"] : [operand];
  if (!Array.isArray(each)) {
    throw typeMismatch(
      `The argument to $each in $addToSet must be an array but it was of type ${typeName(each)}`,
    );
  }
  const result = [...array];
  for (const item of each as unknown[]) {
    if (!result.some((other) => sameValue(other, item))) result.push(item);
  }
  return result;
}

export function pull(current: readonly unknown[], operand: unknown): unknown[] {
  const matches = pullTest(operand);
  return current.filter((item) => !matches(item));
}

function pullTest(operand: unknown): Filter {
  if (isValueCondition(operand)) return valueTest(operand);
  if (isDoc(operand)) {
    const matches = compileFilter(operand);
    return (item) => isDoc(item) && matches(item);
  }
  return isRegex(operand) ? valueTest({ $regex: operand }) : (item) => sameValue(item, operand);
}

export function pullAll(current: readonly unknown[], operand: unknown): unknown[] {
  if (!Array.isArray(operand)) throw badValue("$pullAll requires an array argument");
  return current.filter((item) => !operand.some((other) => sameValue(item, other)));
}

export function pop(current: readonly unknown[], operand: unknown): unknown[] {
  const end = toNumber(operand);
  if (end === 1) return current.slice(0, -1);
  if (end === -1) return current.slice(1);
  throw failedToParse(`$pop expects 1 or -1, found: ${shellText(operand)}`);
}

/** For the operators that leave a missing field missing. */
export function existingArray(current: unknown, operator: string, path: string): unknown[] | null {
  if (current === undefined) return null;
  if (Array.isArray(current)) return current as unknown[];
  if (operator === "$pop") {
    throw typeMismatch(
      `Path '${path}' contains an element of non-array type '${typeName(current)}'`,
    );
  }
  throw badValue(`Cannot apply ${operator} to a non-array value`);
}

function arrayOr(current: unknown, refuse: () => Error): unknown[] {
  if (current === undefined) return [];
  if (!Array.isArray(current)) throw refuse();
  return current as unknown[];
}
