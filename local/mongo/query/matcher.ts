/**
 * Filters, compiled to predicates over stored documents.
 *
 * mingo's Query is not used here: it ignores field order, does not compare int64 with numbers and
 * finds null where MongoDB's type bracketing finds nothing.
 * Source: https://www.mongodb.com/docs/manual/reference/operator/query/
 */
import { badValue, unsupported } from "../errors.ts";
import { compileExpression } from "../expression/compile.ts";
import { isTrue } from "../expression/forms.ts";
import { someAt, splitPath } from "../values/paths.ts";
import { isDoc, isRegex } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { compileOperator } from "./operators.ts";
import { equalsPredicate } from "./comparison.ts";
import type { LeafTest } from "./comparison.ts";
import { regexPredicate } from "./regex.ts";

export type Filter = (doc: unknown) => boolean;

/** A field's operators: `{$gt: 1}` but not `{a: 1}`, which is an embedded document to be equal to. */
export function isOperatorDoc(value: unknown): value is Doc {
  if (!isDoc(value)) return false;
  const first = Object.keys(value)[0];
  // $ref, $id and $db begin a DBRef, which is a value.
  return first !== undefined && first.startsWith("$") && !/^\$(?:ref|id|db)$/.test(first);
}

export function compileFilter(filter: Doc): Filter {
  const tests = Object.keys(filter).map((key) => compileEntry(key, filter[key]));
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return (doc) => tests.every((test) => test(doc));
}

function compileEntry(key: string, value: unknown): Filter {
  if (!key.startsWith("$")) return compileField(key, value);
  switch (key) {
    case "$and": {
      const tests = clauses(key, value);
      return (doc) => tests.every((test) => test(doc));
    }
    case "$or": {
      const tests = clauses(key, value);
      return (doc) => tests.some((test) => test(doc));
    }
    case "$nor": {
      const tests = clauses(key, value);
      return (doc) => !tests.some((test) => test(doc));
    }
    case "$expr": {
      const evaluate = compileExpression(value);
      return (doc) => isDoc(doc) && isTrue(evaluate(doc));
    }
    case "$comment":
      return () => true;
    case "$where":
    case "$text":
    case "$jsonSchema":
      throw unsupported(key);
    default:
      throw badValue(
        `unknown top level operator: ${key}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      );
  }
}

function clauses(operator: string, value: unknown): Filter[] {
  if (!Array.isArray(value)) throw badValue(`${operator} argument must be an array`);
  if (value.length === 0) throw badValue(`${operator} argument must be a non-empty array`);
  return value.map((clause: unknown) => {
    if (!isDoc(clause)) throw badValue(`${operator} argument's entries must be objects`);
    return compileFilter(clause);
  });
}

function compileField(path: string, condition: unknown): Filter {
  const parts = splitPath(path);
  const tests = compileCondition(condition, path);
  return (doc) => tests.every((test) => someAt(doc, parts, test.leaf) !== test.isNegated);
}

/**
 * The conditions on one field. A negated one holds when its leaf test holds nowhere: `$ne` of an
 * array means that no element is equal.
 */
export function compileCondition(condition: unknown, path: string): LeafTest[] {
  if (isRegex(condition)) return [{ leaf: regexPredicate(condition), isNegated: false }];
  if (!isOperatorDoc(condition)) return [{ leaf: equalsPredicate(condition), isNegated: false }];
  return Object.keys(condition).flatMap((operator) => {
    if (operator === "$not") return [negation(condition[operator], path)];
    if (operator === "$elemMatch") return [elementMatch(condition[operator])];
    if (operator === "$all") return allConditions(condition[operator], path);
    return [compileOperator(operator, condition[operator], condition)];
  });
}

function negation(operand: unknown, path: string): LeafTest {
  if (!isRegex(operand) && !isDoc(operand)) throw badValue("$not needs a regex or a document");
  if (isDoc(operand) && !isOperatorDoc(operand)) {
    throw badValue("$not cannot be empty or hold anything but operators");
  }
  const tests = compileCondition(operand, path);
  const [first] = tests;
  if (tests.length === 1 && first !== undefined) return { ...first, isNegated: !first.isNegated };
  // Several conditions negated at once cannot be told from one leaf alone when paths fan out.
  throw unsupported(`$not of more than one operator (on '${path}')`);
}

function elementMatch(operand: unknown): LeafTest {
  if (!isDoc(operand)) throw badValue("$elemMatch needs an Object");
  const isLogical = /^\$(?:and|or|nor)$/.test(Object.keys(operand)[0] ?? "");
  const test = isOperatorDoc(operand) && !isLogical ? valueTest(operand) : documentTest(operand);
  return { leaf: (leaf) => Array.isArray(leaf) && leaf.some(test), isNegated: false };
}

function documentTest(filter: Doc): Filter {
  const matches = compileFilter(filter);
  return (item) => (isDoc(item) || Array.isArray(item)) && matches(item);
}

/** Whether one array element, itself not opened further, meets every condition. */
export function valueTest(condition: Doc): Filter {
  const tests = compileCondition(condition, "");
  return (item) => tests.every((test) => test.leaf(item) !== test.isNegated);
}

function allConditions(operand: unknown, path: string): LeafTest[] {
  if (!Array.isArray(operand)) throw badValue("$all needs an array");
  if (operand.length === 0) return [{ leaf: () => false, isNegated: false }];
  return operand.flatMap((item: unknown) => {
    if (isOperatorDoc(item) && Object.keys(item)[0] !== "$elemMatch") {
      throw badValue("no $ expressions in $all");
    }
    return compileCondition(item, path);
  });
}
