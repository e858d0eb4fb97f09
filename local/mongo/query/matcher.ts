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
import type { Leaf } from "./leaf.ts";
import { regexPredicate } from "./regex.ts";

export type Filter = (doc: unknown) => boolean;

/** A field's operators: `{$gt: 1}` but not `{a: 1}`, which is an embedded document to be equal to. */
export function isOperatorDoc(value: unknown): value is Doc {
  if (!isDoc(value)) return false;
  return Object.keys(value)[0]?.startsWith("$") === true && !isDbRef(value);
}

/** A DBRef is a value, wherever in it its two fields stand. */
const isDbRef = (value: Doc): boolean =>
  Object.hasOwn(value, "$ref") && Object.hasOwn(value, "$id");

/** Whether it is about an element itself, `{$gt: 1}`, and not about the fields of one. */
export function isValueCondition(value: unknown): value is Doc {
  return isOperatorDoc(value) && !/^\$(?:and|or|nor|ref|id|db)$/.test(Object.keys(value)[0] ?? "");
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
    // Fields of a DBRef whose array element is looked at: the only ones with such names.
    case "$ref":
    case "$id":
    case "$db":
      return compileLeafTest(key, equalsPredicate(value));
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

/** Whether any of the values that a field's path leads to passes the test. */
type SomeValue = (test: Leaf) => boolean;

/** One condition on a field, which may have to be asked for several of its values. */
type Condition = (some: SomeValue) => boolean;

function compileLeafTest(name: string, test: Leaf): Filter {
  return (doc) => someAt(doc, [name], test);
}

function compileField(path: string, condition: unknown): Filter {
  const parts = splitPath(path);
  const conditions = compileCondition(condition, path);
  return (doc) => {
    const some: SomeValue = (test) => someAt(doc, parts, test);
    return conditions.every((holds) => holds(some));
  };
}

/**
 * The conditions on one field. A negated one holds when its leaf test holds nowhere: `$ne` of an
 * array means that no element is equal.
 */
function compileCondition(condition: unknown, path: string): Condition[] {
  if (isRegex(condition)) return [somewhere(regexPredicate(condition))];
  if (!isOperatorDoc(condition)) return [somewhere(equalsPredicate(condition))];
  return Object.keys(condition).flatMap((operator) => {
    if (operator === "$not") return [negation(condition[operator], path)];
    if (operator === "$elemMatch") return [elementMatch(condition[operator])];
    if (operator === "$all") return allConditions(condition[operator], path);
    const { leaf, isNegated } = compileOperator(operator, condition[operator], condition, path);
    return [(some: SomeValue) => some(leaf) !== isNegated];
  });
}

const somewhere =
  (leaf: Leaf): Condition =>
  (some) =>
    some(leaf);

function negation(operand: unknown, path: string): Condition {
  if (!isRegex(operand) && !isDoc(operand)) throw badValue("$not needs a regex or a document");
  if (isDoc(operand) && !isOperatorDoc(operand)) {
    throw badValue("$not cannot be empty or hold anything but operators");
  }
  const conditions = compileCondition(operand, path);
  return (some) => !conditions.every((holds) => holds(some));
}

function elementMatch(operand: unknown): Condition {
  if (!isDoc(operand)) throw badValue("$elemMatch needs an Object");
  const test = isValueCondition(operand) ? valueTest(operand) : documentTest(operand);
  return somewhere((leaf) => Array.isArray(leaf) && leaf.some(test));
}

/** An array among the elements is taken for a document whose fields are its indexes. */
function documentTest(filter: Doc): Filter {
  const matches = compileFilter(filter);
  return (item) =>
    isDoc(item) ? matches(item) : Array.isArray(item) && matches(Object.assign({}, item));
}

/** Whether one array element, itself not opened further, meets every condition. */
export function valueTest(condition: Doc): Filter {
  const conditions = compileCondition(condition, "");
  return (item) => conditions.every((holds) => holds((test) => test(item)));
}

function allConditions(operand: unknown, path: string): Condition[] {
  if (!Array.isArray(operand)) throw badValue("$all needs an array");
  if (operand.length === 0) return [() => false];
  return operand.flatMap((item: unknown) => {
    if (isOperatorDoc(item) && Object.keys(item)[0] !== "$elemMatch") {
      throw badValue("no $ expressions in $all");
    }
    return compileCondition(item, path);
  });
}
