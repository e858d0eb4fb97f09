/** Source: https://www.mongodb.com/docs/manual/reference/operator/aggregation/group/ */
import { CommandError, unsupported } from "../errors.ts";
import { averageOf, extremeOf, sumOf } from "../expression/accumulate.ts";
import { compileExpression } from "../expression/compile.ts";
import { hashKey, sameValue } from "../values/compare.ts";
import { isDoc } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { encode } from "../wire/bson-codec.ts";
import type { StageRun } from "./types.ts";

/** From the values that the documents of a group have, missing ones among them as `undefined`. */
const ACCUMULATORS: Readonly<Record<string, (values: readonly unknown[]) => unknown>> = {
  $sum: sumOf,
  $avg: averageOf,
  $min: (values) => extremeOf(values, -1),
  $max: (values) => extremeOf(values, 1),
  $first: (values) => values[0] ?? null,
  $last: (values) => values.at(-1) ?? null,
  $push: (values) => values.filter((value) => value !== undefined),
  $addToSet: (values) =>
    values.reduce<unknown[]>((set, value) => {
      if (value !== undefined && !set.some((other) => sameValue(other, value))) set.push(value);
      return set;
    }, []),
  $count: (values) => values.length,
};

/** What MongoDB has beside them. */
const REFUSED = new Set([
  "$accumulator",
  "$bottom",
  "$bottomN",
  "$concatArrays",
  "$firstN",
  "$lastN",
  "$maxN",
  "$median",
  "$mergeObjects",
  "$minN",
  "$percentile",
  "$setUnion",
  "$stdDevPop",
  "$stdDevSamp",
  "$top",
  "$topN",
]);

type Field = {
  readonly name: string;
  readonly evaluate: (doc: Doc) => unknown;
  readonly accumulate: (values: readonly unknown[]) => unknown;
};

function compileField(name: string, spec: unknown): Field {
  if (name.includes(".")) {
    throw new CommandError(40235, `The field name '${name}' cannot contain '.'`);
  }
  if (!isDoc(spec) || Object.keys(spec)[0]?.startsWith("$") !== true) {
    throw new CommandError(40234, `The field '${name}' must be an accumulator object`);
  }
  const [operator = "", ...others] = Object.keys(spec);
  if (others.length > 0) {
    throw new CommandError(40238, `The field '${name}' must specify one accumulator`);
  }
  const accumulate = Object.hasOwn(ACCUMULATORS, operator) ? ACCUMULATORS[operator] : undefined;
  if (accumulate === undefined) {
    if (REFUSED.has(operator)) throw unsupported(`The accumulator ${operator}`);
    throw new CommandError(15952, `unknown group operator '${operator}'`);
  }
  const operand = spec[operator];
  if (operator === "$count" && !(isDoc(operand) && Object.keys(operand).length === 0)) {
    throw new CommandError(9, "$count takes no arguments, i.e. $count:{}");
  }
  if (Array.isArray(operand)) {
    throw new CommandError(40237, `The ${operator} accumulator is a unary operator`);
  }
  return { name, evaluate: compileExpression(operand), accumulate };
}

/** Equal ids share it: numbers are equal across their types, at the top at least. */
const groupKey = (id: unknown): string =>
  hashKey(id) ?? `x${Buffer.from(encode({ id })).toString("latin1")}`;

export function group(argument: unknown): StageRun {
  if (!isDoc(argument)) {
    throw new CommandError(15947, "a group's fields must be specified in an object");
  }
  if (!Object.hasOwn(argument, "_id")) {
    throw new CommandError(15955, "a group specification must include an _id");
  }
  const evaluateId = compileExpression(argument["_id"]);
  const fields = Object.keys(argument)
    .filter((name) => name !== "_id")
    .map((name) => compileField(name, argument[name]));
  return (docs) => {
    const groups = new Map<string, { readonly id: unknown; readonly docs: Doc[] }>();
    for (const doc of docs) {
      const id = evaluateId(doc) ?? null;
      const key = groupKey(id);
      const existing = groups.get(key);
      if (existing === undefined) groups.set(key, { id, docs: [doc] });
      else existing.docs.push(doc);
    }
    return Array.from(groups.values(), ({ id, docs: members }) => {
      const result: Doc = { _id: id };
      for (const { name, evaluate, accumulate } of fields) {
        result[name] = accumulate(members.map(evaluate));
      }
      return result;
    });
  };
}
