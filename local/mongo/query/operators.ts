/** The field operators that are neither logical nor about array elements. */
import { badValue, failedToParse, unsupported } from "../errors.ts";
import { isRegex, RANK, rankOf, toNumber, typeName } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { equalsPredicate, memberPredicate, rangePredicate } from "./comparison.ts";
import { onValueOrElements } from "./leaf.ts";
import type { Leaf, LeafTest } from "./leaf.ts";
import { regexPredicate } from "./regex.ts";

/** Operators that MongoDB has and the project never uses. */
const REFUSED = new Set([
  "$bitsAllClear",
  "$bitsAllSet",
  "$bitsAnyClear",
  "$bitsAnySet",
  "$geoIntersects",
  "$geoWithin",
  "$near",
  "$nearSphere",
]);

const exists: Leaf = (leaf) => leaf !== undefined;
const holds = (leaf: Leaf): LeafTest => ({ leaf, isNegated: false });
const fails = (leaf: Leaf): LeafTest => ({ leaf, isNegated: true });

/** `path` is named in errors only. */
export function compileOperator(
  operator: string,
  operand: unknown,
  siblings: Doc,
  path: string,
): LeafTest {
  switch (operator) {
    case "$eq":
      return holds(equalsPredicate(operand));
    case "$ne":
      if (isRegex(operand)) throw badValue("Can't have regex as arg to $ne.");
      return fails(equalsPredicate(operand));
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return holds(rangePredicate(operator, operand));
    case "$in":
      return holds(memberPredicate(operator, operand));
    case "$nin":
      return fails(memberPredicate(operator, operand));
    case "$exists":
      return isTruthy(operand) ? holds(exists) : fails(exists);
    case "$type":
      return holds(typePredicate(operand, path));
    case "$size":
      return holds(sizePredicate(operand));
    case "$mod":
      return holds(modPredicate(operand));
    case "$regex":
      return holds(regexOperator(operand, siblings["$options"]));
    case "$options":
      if (siblings["$regex"] === undefined) throw badValue("$options needs a $regex");
      return holds(() => true);
    default:
      if (REFUSED.has(operator)) throw unsupported(operator);
      throw badValue(`unknown operator: ${operator}`);
  }
}

export function isTruthy(value: unknown): boolean {
  const number = toNumber(value);
  return number === null ? value !== false && value !== null && value !== undefined : number !== 0;
}

function regexOperator(operand: unknown, options: unknown): Leaf {
  if (options !== undefined && typeof options !== "string") {
    throw badValue("$options has to be a string");
  }
  if (typeof operand === "string")
    return regexPredicate({ pattern: operand, options: options ?? "" });
  if (!isRegex(operand)) throw badValue("$regex has to be a string");
  return regexPredicate({ pattern: operand.pattern, options: options ?? operand.options });
}

/** https://www.mongodb.com/docs/manual/reference/operator/query/type/#available-types */
const TYPE_ALIAS_OF_NUMBER: Record<number, string> = {
  [-1]: "minKey",
  1: "double",
  2: "string",
  3: "object",
  4: "array",
  5: "binData",
  7: "objectId",
  8: "bool",
  9: "date",
  10: "null",
  11: "regex",
  13: "javascript",
  16: "int",
  17: "timestamp",
  18: "long",
  19: "decimal",
  127: "maxKey",
};
const TYPE_ALIASES = new Set(Object.values(TYPE_ALIAS_OF_NUMBER));

function typePredicate(operand: unknown, path: string): Leaf {
  if (Array.isArray(operand) && operand.length === 0) {
    throw failedToParse(`${path} must match at least one type`);
  }
  const wanted = new Set(
    (Array.isArray(operand) ? (operand as unknown[]) : [operand]).map(typeAlias),
  );
  return onValueOrElements((value) => {
    if (value === undefined) return false;
    if (rankOf(value) === RANK.number && wanted.has("number")) return true;
    return wanted.has(typeName(value));
  });
}

function typeAlias(operand: unknown): string {
  if (operand === "number") return operand;
  const number = toNumber(operand);
  const alias = number === null ? operand : TYPE_ALIAS_OF_NUMBER[number];
  if (typeof alias === "string" && TYPE_ALIASES.has(alias)) return alias;
  throw badValue(
    number === null
      ? `Unknown type name alias: ${String(operand)}`
      : `Invalid numerical type code: ${number}`,
  );
}

function sizePredicate(operand: unknown): Leaf {
  const size = toNumber(operand);
  if (size === null) throw badValue("Failed to parse $size. Expected a number");
  if (!Number.isInteger(size) || size < 0) {
    throw badValue("Failed to parse $size. Expected a non-negative integer");
  }
  return (leaf) => Array.isArray(leaf) && leaf.length === size;
}

function modPredicate(operand: unknown): Leaf {
  if (!Array.isArray(operand)) throw badValue("malformed mod, needs to be an array");
  if (operand.length !== 2) throw badValue("malformed mod, needs two elements");
  const [divisor, remainder] = operand.map(toNumber);
  if (divisor === null || divisor === undefined)
    throw badValue("malformed mod, divisor not a number");
  if (remainder === null || remainder === undefined) {
    throw badValue("malformed mod, remainder not a number");
  }
  if (Math.trunc(divisor) === 0) throw badValue("divisor cannot be 0");
  return onValueOrElements((value) => {
    const number = toNumber(value);
    if (number === null || !Number.isFinite(number)) return false;
    // Adding zero makes -0 plain: -4 mod 2 is 0 in MongoDB.
    return (Math.trunc(number) % Math.trunc(divisor)) + 0 === Math.trunc(remainder) + 0;
  });
}
