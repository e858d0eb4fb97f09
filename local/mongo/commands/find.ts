/** Reads. Source: https://www.mongodb.com/docs/manual/reference/command/find/ */
import { findRecords } from "../planner/execute.ts";
import type { Found, Query } from "../planner/execute.ts";
import { compileProjection } from "../query/projection.ts";
import { compileFilter } from "../query/matcher.ts";
import { parseSort } from "../query/sort.ts";
import { compareValues } from "../values/compare.ts";
import { valuesAt } from "../values/paths.ts";
import type { Doc } from "../values/types.ts";
import { encode } from "../wire/bson-codec.ts";
import { countArgument, docArgument, flagArgument, missing } from "../values/arguments.ts";
import { collectionName } from "./arguments.ts";
import type { CommandContext, CommandDefinition } from "./context.ts";
import { DEFAULT_FIRST_BATCH } from "./cursor-table.ts";
import { checkHint } from "./hint.ts";

/** Runs a query on a collection, which need not exist. */
export function query(context: CommandContext, namespace: string, wanted: Query): Found {
  const collection = context.store.find(namespace);
  if (collection === undefined) {
    // The filter is still checked: a typing error must not hide until the first document.
    compileFilter(wanted.filter);
    return { records: [], plan: { kind: "scan" }, examined: { documents: 0, keys: 0 } };
  }
  return findRecords(collection, wanted, context.examined);
}

export function findQuery(command: Doc): Query {
  return {
    filter: docArgument(command, "filter"),
    sort: parseSort(docArgument(command, "sort")),
    skip: countArgument(command, "skip") ?? 0,
    limit: countArgument(command, "limit") || Infinity,
  };
}

export const find: CommandDefinition = {
  isWrite: false,
  isRecorded: true,
  fields: [
    "filter",
    "sort",
    "projection",
    "hint",
    "skip",
    "limit",
    "batchSize",
    "singleBatch",
    "noCursorTimeout",
    "allowPartialResults",
    "allowDiskUse",
  ],
  refused: [
    "tailable",
    "awaitData",
    "oplogReplay",
    "collation",
    "let",
    "min",
    "max",
    "returnKey",
    "showRecordId",
  ],
  run: (context, command) => {
    const namespace = `${context.database}.${collectionName(command)}`;
    const project = compileProjection(docArgument(command, "projection"));
    checkHint(context.store.find(namespace), command["hint"]);
    const { records } = query(context, namespace, findQuery(command));
    const documents = records.map((record) =>
      project === null ? record.raw : encode(project(record.doc)),
    );
    const batchSize = countArgument(command, "batchSize") ?? DEFAULT_FIRST_BATCH;
    return context.cursors.start(
      namespace,
      documents,
      batchSize,
      flagArgument(command, "singleBatch"),
    );
  },
};

export function countQuery(command: Doc): Query {
  return {
    filter: docArgument(command, "query"),
    sort: [],
    skip: countArgument(command, "skip") ?? 0,
    limit: countArgument(command, "limit") || Infinity,
  };
}

/** https://www.mongodb.com/docs/manual/reference/command/count/ */
export const count: CommandDefinition = {
  isWrite: false,
  isRecorded: true,
  fields: ["query", "limit", "skip", "hint", "fields"],
  refused: ["collation"],
  run: (context, command) => {
    const namespace = `${context.database}.${collectionName(command)}`;
    const wanted = countQuery(command);
    checkHint(context.store.find(namespace), command["hint"]);
    if (Object.keys(wanted.filter).length === 0) {
      const size = context.store.find(namespace)?.size ?? 0;
      return { n: Math.min(wanted.limit, Math.max(0, size - wanted.skip)) };
    }
    return { n: query(context, namespace, wanted).records.length };
  },
};

/** https://www.mongodb.com/docs/manual/reference/command/distinct/ */
export const distinct: CommandDefinition = {
  isWrite: false,
  isRecorded: true,
  fields: ["key", "query", "hint"],
  refused: ["collation"],
  run: (context, command) => {
    const namespace = `${context.database}.${collectionName(command)}`;
    const key = command["key"];
    if (typeof key !== "string") throw missing(command, "key");
    const filter = docArgument(command, "query");
    checkHint(context.store.find(namespace), command["hint"]);
    const { records } = query(context, namespace, { filter, sort: [], skip: 0, limit: Infinity });
    const values = records.flatMap((record) => valuesAt(record.doc, key)).toSorted(compareValues);
    const isFirst = (value: unknown, i: number): boolean =>
      i === 0 || compareValues(value, values[i - 1]) !== 0;
    return { values: values.filter(isFirst) };
  },
};
