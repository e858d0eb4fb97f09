/**
 * Aggregation: leading `$match`, `$sort`, `$skip` and `$limit` go through the planner like a find,
 * the rest runs over what they found.
 * Source: https://www.mongodb.com/docs/manual/reference/command/aggregate/
 */
import { failedToParse, unsupported } from "../errors.ts";
import { compilePipeline, runPipeline } from "../pipeline/stages.ts";
import type { Stage } from "../pipeline/stages.ts";
import type { Query } from "../planner/execute.ts";
import { parseSort } from "../query/sort.ts";
import { isDoc, toNumber } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { encode, encodeStored } from "../wire/bson-codec.ts";
import {
  arrayArgument,
  countArgument,
  docArgument,
  flagArgument,
  nameOf,
} from "../values/arguments.ts";
import type { CommandContext, CommandDefinition } from "./context.ts";
import { DEFAULT_FIRST_BATCH } from "./cursor-table.ts";
import { query } from "./find.ts";
import { checkHint } from "./hint.ts";

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
  for (let filter = argumentOf("$match"); isDoc(filter); filter = argumentOf("$match")) {
    filters.push(filter);
  }
  const sort = argumentOf("$sort");
  const skip = toNumber(argumentOf("$skip")) ?? 0;
  const limit = toNumber(argumentOf("$limit")) ?? Infinity;
  const [only = {}] = filters;
  const filter = filters.length > 1 ? { $and: filters } : only;
  const head = { filter, sort: isDoc(sort) ? parseSort(sort) : [], skip, limit };
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
  const stages = compilePipeline(arrayArgument(command, "pipeline"));
  return { namespace: `${context.database}.${name}`, ...split(stages) };
}

function runRest(context: CommandContext, docs: readonly Doc[], rest: readonly Stage[]) {
  const find = (collection: string, filter: Doc): Doc[] => {
    const wanted = { filter, sort: [], skip: 0, limit: Infinity };
    const { records } = query(context, `${context.database}.${collection}`, wanted);
    return records.map((record) => record.doc);
  };
  return runPipeline(docs, rest, { find });
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
    checkHint(context.store.find(namespace), command["hint"]);
    const { records } = query(context, namespace, head);
    const counted = countedField(rest);
    let documents: Uint8Array[];
    if (rest.length === 0) documents = records.map((record) => record.raw);
    else if (counted !== null) {
      const total = { _id: counted.id, [counted.field]: records.length };
      documents = records.length === 0 ? [] : [encode(total)];
    } else {
      const docs = records.map((record) => record.doc);
      documents = runRest(context, docs, rest).map((doc) => encodeStored(doc));
    }
    return context.cursors.start(
      namespace,
      documents,
      batchSize,
      flagArgument(command, "singleBatch"),
    );
  },
};
