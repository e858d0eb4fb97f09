/** The operators that are functions of evaluated arguments. A missing argument is `undefined`. */
import { ObjectId } from "bson";
import { badValue, CommandError } from "../errors.ts";
import { averageOf, extremeOf, sumOf } from "./accumulate.ts";
import { compareValues, sameValue } from "../values/compare.ts";
import { calculateWidening } from "../values/numbers.ts";
import { isDoc, isLong, isObjectId, RANK, rankOf, toNumber, typeName } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { isTrue } from "./forms.ts";
import { MINGO_FUNCTIONS } from "./mingo-functions.ts";

export type FunctionDefinition = {
  readonly least: number;
  readonly most: number;
  readonly run: (args: readonly unknown[]) => unknown;
  /** For a wrong number of arguments, where it isn't the error that most operators have. */
  readonly arityError?: (count: number) => CommandError;
};

const isNullish = (value: unknown): boolean => value === null || value === undefined;

const comparison = (holds: (order: number) => boolean): FunctionDefinition => ({
  least: 2,
  most: 2,
  run: ([a, b]) => holds(compareValues(a, b)),
});

/** Null as soon as an argument is null or missing. */
function strict(
  least: number,
  most: number,
  run: (args: readonly unknown[]) => unknown,
): FunctionDefinition {
  return { least, most, run: (args) => (args.some(isNullish) ? null : run(args)) };
}

function checkNumbers(operator: string, args: readonly unknown[]): void {
  const stray = args.find((value) => rankOf(value) !== RANK.number);
  if (stray !== undefined) {
    throw typeMismatchIn(operator, "numeric", stray);
  }
}

const typeMismatchIn = (operator: string, wanted: string, value: unknown): CommandError =>
  new CommandError(14, `${operator} only supports ${wanted} types, not ${typeName(value)}`);

const milliseconds = (value: unknown): number =>
  value instanceof Date ? value.getTime() : (toNumber(value) ?? Number.NaN);

function add(args: readonly unknown[]): unknown {
  const dates = args.filter((value) => value instanceof Date);
  if (dates.length > 1)
    throw new CommandError(16612, "only one date allowed in an $add expression");
  checkNumbers(
    "$add",
    args.filter((value) => !(value instanceof Date)),
  );
  if (dates.length === 0) return args.reduce((a, b) => calculateWidening("add", a, b), 0);
  return new Date(args.reduce<number>((sum, value) => sum + milliseconds(value), 0));
}

function subtract([a, b]: readonly unknown[]): unknown {
  if (!(a instanceof Date)) {
    checkNumbers("$subtract", [a, b]);
    return calculateWidening("subtract", a, b);
  }
  if (b instanceof Date) return a.getTime() - b.getTime();
  checkNumbers("$subtract", [b]);
  return new Date(a.getTime() - milliseconds(b));
}

function divide(args: readonly unknown[]): unknown {
  checkNumbers("$divide", args);
  const [a, b] = args.map((value) => calculateWidening("add", value, 0)).map(toNumber);
  if (b === 0) throw badValue("can't $divide by zero");
  return (a ?? Number.NaN) / (b ?? Number.NaN);
}

function modulo(args: readonly unknown[]): unknown {
  checkNumbers("$mod", args);
  if (toNumber(args[1]) === 0) throw new CommandError(16610, "can't $mod by zero");
  return calculateWidening("remainder", args[0], args[1]);
}

const rounding = (operator: string, round: (value: number) => number): FunctionDefinition =>
  strict(1, 1, ([value]) => {
    checkNumbers(operator, [value]);
    return isLong(value) ? value : round(toNumber(calculateWidening("add", value, 0)) ?? 0);
  });

function elementAt([array, position]: readonly unknown[]): unknown {
  if (!Array.isArray(array)) throw typeMismatchIn("$arrayElemAt", "array", array);
  const index = toNumber(position);
  if (index === null || !Number.isInteger(index)) {
    throw new CommandError(28691, "$arrayElemAt's second argument must be an integer");
  }
  return array.at(index);
}

const casing = (operator: string, change: (text: string) => string): FunctionDefinition => ({
  least: 1,
  most: 1,
  run: ([value]) => {
    if (isNullish(value)) return "";
    if (typeof value !== "string") throw typeMismatchIn(operator, "string", value);
    // Only ASCII letters change, as in MongoDB.
    return value.replaceAll(/[a-zA-Z]+/g, change);
  },
});

/** One argument that is an array stands for its elements. */
const spread = (args: readonly unknown[]): readonly unknown[] => {
  const [only] = args;
  return args.length === 1 && Array.isArray(only) ? (only as unknown[]) : args;
};

/** Source: https://www.mongodb.com/docs/manual/reference/operator/aggregation/toObjectId/ */
function toObjectId([value]: readonly unknown[]): unknown {
  if (isObjectId(value)) return value;
  if (typeof value !== "string") {
    throw conversionFailure(`Unsupported conversion from ${typeName(value)} to objectId in`);
  }
  const length = Buffer.byteLength(value);
  const stray = /[^0-9a-fA-F]/u.exec(value)?.[0];
  if (length === 24 && stray === undefined) return ObjectId.createFromHexString(value);
  const reason =
    length === 24
      ? `Invalid character found in hex string: ${stray}`
      : `Invalid string length for parsing to OID, expected 24 but found ${length}`;
  throw conversionFailure(`Failed to parse objectId '${value}' in`, `: ${reason}`);
}

/** All conversions are $convert by another name, and fail in its words. */
const conversionFailure = (before: string, after = ""): CommandError =>
  new CommandError(241, `${before} $convert with no onError value${after}`);

export const FUNCTIONS: Readonly<Record<string, FunctionDefinition>> = {
  ...MINGO_FUNCTIONS,
  $eq: comparison((order) => order === 0),
  $ne: comparison((order) => order !== 0),
  $gt: comparison((order) => order > 0),
  $gte: comparison((order) => order >= 0),
  $lt: comparison((order) => order < 0),
  $lte: comparison((order) => order <= 0),
  $cmp: { least: 2, most: 2, run: ([a, b]) => Math.sign(compareValues(a, b)) },
  $not: { least: 1, most: 1, run: ([value]) => !isTrue(value) },
  $add: strict(1, Infinity, add),
  $subtract: strict(2, 2, subtract),
  $multiply: strict(1, Infinity, (args) => {
    checkNumbers("$multiply", args);
    return args.reduce((a, b) => calculateWidening("multiply", a, b), 1);
  }),
  $divide: strict(2, 2, divide),
  $mod: strict(2, 2, modulo),
  $abs: strict(1, 1, ([value]) => {
    checkNumbers("$abs", [value]);
    return compareValues(value, 0) < 0 ? calculateWidening("multiply", value, -1) : value;
  }),
  $floor: rounding("$floor", Math.floor),
  $ceil: rounding("$ceil", Math.ceil),
  $sum: { least: 1, most: Infinity, run: (args) => sumOf(spread(args)) },
  $avg: { least: 1, most: Infinity, run: (args) => averageOf(spread(args)) },
  $min: { least: 1, most: Infinity, run: (args) => extremeOf(spread(args), -1) },
  $max: { least: 1, most: Infinity, run: (args) => extremeOf(spread(args), 1) },
  $isArray: { least: 1, most: 1, run: ([value]) => Array.isArray(value) },
  $size: {
    least: 1,
    most: 1,
    run: ([value]) => {
      if (Array.isArray(value)) return value.length;
      throw new CommandError(
        17124,
        `The argument to $size must be an array, but was of type: ${typeName(value)}`,
      );
    },
  },
  $in: {
    least: 2,
    most: 2,
    run: ([value, array]) => {
      if (Array.isArray(array)) return array.some((item) => sameValue(item, value));
      throw new CommandError(
        40081,
        `$in requires an array as a second argument, found: ${typeName(array)}`,
      );
    },
  },
  $arrayElemAt: strict(2, 2, elementAt),
  $first: strict(1, 1, ([array]) => elementAt([array, 0])),
  $last: strict(1, 1, ([array]) => elementAt([array, -1])),
  $concatArrays: strict(0, Infinity, (args) =>
    args.flatMap((value) => {
      if (Array.isArray(value)) return value as unknown[];
      throw new CommandError(28664, `$concatArrays only supports arrays, not ${typeName(value)}`);
    }),
  ),
  $concat: strict(1, Infinity, (args) => {
    const stray = args.find((value) => typeof value !== "string");
    if (stray !== undefined) {
      throw new CommandError(16702, `$concat only supports strings, not ${typeName(stray)}`);
    }
    return args.join("");
  }),
  $toObjectId: {
    ...strict(1, 1, toObjectId),
    arityError: (count) =>
      new CommandError(50723, `$toObjectId requires a single argument, got ${count}`),
  },
  $toLower: casing("$toLower", (text) => text.toLowerCase()),
  $toUpper: casing("$toUpper", (text) => text.toUpperCase()),
  $mergeObjects: {
    least: 0,
    most: Infinity,
    run: (args) => {
      const merged: Doc = {};
      for (const value of spread(args)) {
        if (isNullish(value)) continue;
        if (!isDoc(value)) throw new CommandError(40400, "$mergeObjects requires object inputs");
        Object.assign(merged, value);
      }
      return merged;
    },
  },
};
