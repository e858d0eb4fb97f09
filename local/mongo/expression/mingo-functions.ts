/**
 * Functions of mingo, as far as they agree with MongoDB's on the arguments that they are let see.
 * Paths, variables, missing values, comparison and arithmetic are this server's own, because
 * mingo's differ: it takes missing for null, ignores field order and knows neither int64 nor
 * decimals.
 */
import { Context, evalExpr, ProcessingMode } from "mingo/core";
import {
  $dateToString,
  $round,
  $slice,
  $split,
  $substrCP,
  $trim,
} from "mingo/operators/expression";
import { badValue, unsupported } from "../errors.ts";
import { isDecimal, isLong } from "../values/types.ts";

const OPTIONS = {
  context: Context.init({
    expression: { $dateToString, $round, $slice, $split, $substrCP, $trim },
  }),
  idKey: "_id",
  processingMode: ProcessingMode.CLONE_OFF,
  scriptEnabled: false,
  useStrictMode: true,
  failOnError: true,
};

type MingoFunction = {
  readonly least: number;
  readonly most: number;
  readonly run: (args: readonly unknown[]) => unknown;
};

/** The arguments are fields of a document made for the call, so that none is taken for a path. */
export function callMingo(
  operator: string,
  args: readonly unknown[],
  names: readonly string[] | null = null,
): unknown {
  if (args.some((value) => isLong(value) || isDecimal(value))) {
    throw unsupported(`${operator} of an int64 or a decimal`);
  }
  const fields = args.map((value, i): [string, unknown] => [`argument${i}`, value]);
  const paths = fields.map(([name]) => `$${name}`);
  const operand =
    names === null ? paths : Object.fromEntries(names.map((name, i) => [name, paths[i]]));
  try {
    return evalExpr(Object.fromEntries(fields), { [operator]: operand }, OPTIONS);
  } catch (error) {
    throw badValue(error instanceof Error ? error.message : String(error));
  }
}

/** Null as soon as an argument is null or missing. */
const strict = (operator: string, least: number, most = least): MingoFunction => ({
  least,
  most,
  run: (args) =>
    args.some((value) => value === null || value === undefined) ? null : callMingo(operator, args),
});

export const MINGO_FUNCTIONS: Readonly<Record<string, MingoFunction>> = {
  $round: strict("$round", 1, 2),
  $slice: strict("$slice", 2, 3),
  $split: strict("$split", 2),
  $strLenCP: {
    least: 1,
    most: 1,
    run: ([text]) => {
      if (typeof text !== "string") throw badValue("$strLenCP requires a string argument");
      return Array.from(text).length;
    },
  },
  $substrCP: {
    least: 3,
    most: 3,
    run: ([text, ...rest]) =>
      text === null || text === undefined ? "" : callMingo("$substrCP", [text, ...rest]),
  },
};
