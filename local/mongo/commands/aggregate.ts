/**
 * Aggregation: leading `$match`, `$sort`, `$skip` and `$limit` go through the planner like a find,
 * the rest is mingo's, with this server's own matcher and order put in for its own.
 * Source: https://www.mongodb.com/docs/manual/reference/command/aggregate/
 */
import { badValue, CommandError, failedToParse, typeMismatch, unsupported } from "../errors.ts";
import type { Query } from "../planner/execute.ts";
import { withoutLongs } from "../query/expression.ts";
import { runPipeline, SUPPORTED_STAGES } from "../query/pipeline-engine.ts";
import { parseSort } from "../query/sort.ts";
import { isDoc, toNumber } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { decodeForExpressions, encode } from "../wire/bson-codec.ts";
import {
  arrayArgument,
  countArgument,
  docArgument,
  flagArgument,
  nameOf,
} from "../values/arguments.ts";
import type { CommandContext, CommandDefinition } from "./context.ts";
import { DEFAULT_FIRST_BATCH } from "./cursors.ts";
import { query } from "./find.ts";

const REFUSED_STAGES = new Set([
  "$bucketAuto",
  "$changeStream",
  "$collStats",
  "$densify",
  "$documents",
  "$fill",
  "$geoNear",
  "$graphLookup",
  "$indexStats",
  "$merge",
  "$out",
  "$redact",
  "$search",
  "$setWindowFields",
]);

type Stage = { readonly name: string; readonly argument: unknown };

function parseStage(stage: unknown): Stage {
  if (!isDoc(stage)) throw typeMismatch("Each element of the 'pipeline' array must be an object");
  const [name = "", ...others] = Object.keys(stage);
  if (name === "" || others.length > 0) {
    throw new CommandError(
      40323,
      "A pipeline stage specification object must contain exactly one field.",
    );
  }
  if (REFUSED_STAGES.has(name)) throw unsupported(`The stage ${name}`);
  if (!SUPPORTED_STAGES.has(name))
    throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
  const argument = stage[name];
  if (name === "$facet" && isDoc(argument)) {
    for (const inner of Object.values(argument))
      if (Array.isArray(inner)) inner.forEach(parseStage);
  }
  if (isDoc(argument) && Array.isArray(argument["pipeline"]))
    argument["pipeline"].forEach(parseStage);
  return { name, argument };
}

/** The part of the pipeline that a find can do, and what remains. */
function split(stages: readonly Stage[]): {
  readonly head: Query;
  readonly rest: readonly Stage[];
} {
  const filters: Doc[] = [];
  let next = 0;
  const argumentOf = (name: string): unknown => {
    const stage = stages[next];
    if (stage?.name !== name) return undefined;
    next += 1;
    return stage.argument;
  };
  for (let filter = argumentOf("$match"); filter !== undefined; filter = argumentOf("$match")) {
    if (!isDoc(filter))
      throw new CommandError(15959, "the match filter must be an expression in an object");
    filters.push(filter);
  }
  const sort = argumentOf("$sort");
  if (sort !== undefined && !isDoc(sort))
    throw new CommandError(15973, "the $sort key specification must be an object");
  const skip = toNumber(argumentOf("$skip")) ?? 0;
  const limit = toNumber(argumentOf("$limit")) ?? Infinity;
  if (limit <= 0) throw new CommandError(15958, "the limit must be positive");
  const [only = {}] = filters;
  const filter = filters.length > 1 ? { $and: filters } : only;
  const head = { filter, sort: sort === undefined ? [] : parseSort(sort), skip, limit };
  return { head, rest: stages.slice(next) };
}

/** `countDocuments` asks for `{$group: {_id: 1, n: {$sum: 1}}}`: the number is known without decoding. */
function countedField(
  rest: readonly Stage[],
): { readonly id: unknown; readonly field: string } | null {
  const [stage, ...others] = rest;
  if (stage?.name !== "$group" || others.length > 0 || !isDoc(stage.argument)) return null;
  const { _id: id, ...fields } = stage.argument;
  const [field, ...more] = Object.keys(fields);
  if (field === undefined || more.length > 0 || (id !== null && typeof id !== "number"))
    return null;
  const accumulator = fields[field];
  const isCount =
    isDoc(accumulator) && accumulator["$sum"] === 1 && Object.keys(accumulator).length === 1;
  return isCount ? { id, field } : null;
}

export function aggregateQuery(context: CommandContext, command: Doc) {
  const name = command[nameOf(command)];
  if (typeof name !== "string") throw unsupported("Aggregation over a whole database");
  const stages = arrayArgument(command, "pipeline").map(parseStage);
  return { namespace: `${context.database}.${name}`, ...split(stages) };
}

function runRest(context: CommandContext, docs: readonly Doc[], rest: readonly Stage[]): Doc[] {
  const collectionResolver = (name: string): Doc[] => {
    const collection = context.store.find(`${context.database}.${name}`);
    return collection === undefined
      ? []
      : [...collection.records()].map((one) => decodeForExpressions(one.raw));
  };
  const pipeline = rest.map(({ name, argument }) => ({ [name]: withoutLongs(argument) }));
  try {
    return runPipeline(docs, pipeline, collectionResolver);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const operator = /'?(\$\w+)'? is not registered/.exec(message)?.[1];
    if (operator !== undefined)
      throw new CommandError(168, `Unrecognized expression '${operator}'`);
    throw badValue(message);
  }
}

export const aggregate: CommandDefinition = {
  isWrite: false,
  isRecorded: true,
  fields: ["pipeline", "cursor", "allowDiskUse", "bypassDocumentValidation", "hint"],
  refused: ["explain", "collation", "let"],
  run: (context, command) => {
    const { namespace, head, rest } = aggregateQuery(context, command);
    if (command["cursor"] === undefined) {
      throw failedToParse(
        "The 'cursor' option is required, except for aggregate with the explain argument",
      );
    }
    const batchSize =
      countArgument(docArgument(command, "cursor"), "batchSize") ?? DEFAULT_FIRST_BATCH;
    const { records } = query(context, namespace, head);
    const counted = countedField(rest);
    let documents: Uint8Array[];
    if (rest.length === 0) documents = records.map((record) => record.raw);
    else if (counted !== null) {
      const total = { _id: counted.id, [counted.field]: records.length };
      documents = records.length === 0 ? [] : [encode(total)];
    } else {
      const docs = records.map((record) => decodeForExpressions(record.raw));
      documents = runRest(context, docs, rest).map((doc) => encode(doc));
    }
    return context.cursors.start(
      namespace,
      documents,
      batchSize,
      flagArgument(command, "singleBatch"),
    );
  },
};
