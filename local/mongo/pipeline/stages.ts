/**
 * The stages of an aggregation. A pipeline is compiled whole before it runs, so that a mistake in it
 * shows on an empty collection too.
 * Source: https://www.mongodb.com/docs/manual/reference/operator/aggregation-pipeline/
 */
import * as known from "mingo/operators/pipeline";
import { CommandError, typeMismatch, unsupported } from "../errors.ts";
import { compileExpression } from "../expression/compile.ts";
import { compileFilter } from "../query/matcher.ts";
import { parseSort, sortDocs } from "../query/sort.ts";
import { shellText } from "../values/shell.ts";
import { isDoc, toNumber } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { group } from "./group.ts";
import { lookup } from "./lookup.ts";
import { addFields, project, unset } from "./project.ts";
import type { PipelineEnvironment, StageRun } from "./types.ts";
import { unwind } from "./unwind.ts";

export type Stage = {
  readonly name: string;
  readonly argument: unknown;
  readonly run: StageRun;
};

/** Stages of MongoDB that mingo does not know of. */
const OTHER_STAGES = new Set([
  "$changeStream",
  "$collStats",
  "$geoNear",
  "$indexStats",
  "$merge",
  "$out",
  "$redact",
  "$search",
]);

function match(argument: unknown): StageRun {
  if (!isDoc(argument)) {
    throw new CommandError(15959, "the match filter must be an expression in an object");
  }
  const matches = compileFilter(argument);
  return (docs) => docs.filter(matches);
}

function sort(argument: unknown): StageRun {
  if (!isDoc(argument)) {
    throw new CommandError(15973, "the $sort key specification must be an object");
  }
  const fields = parseSort(argument);
  if (fields.length === 0) {
    throw new CommandError(15976, "$sort stage must have at least one sort key");
  }
  return (docs) => sortDocs(docs, fields, (doc) => doc);
}

function countOf(name: string, argument: unknown): number {
  const number = toNumber(argument);
  if (number === null || !Number.isInteger(number) || number < 0) {
    throw new CommandError(
      5107201,
      `invalid argument to ${name} stage: Expected a non-negative integer in: ${name}: ${shellText(argument)}`,
    );
  }
  return number;
}

function skip(argument: unknown): StageRun {
  const wanted = countOf("$skip", argument);
  return (docs) => docs.slice(wanted);
}

function limit(argument: unknown): StageRun {
  const wanted = countOf("$limit", argument);
  if (wanted === 0) throw new CommandError(15958, "the limit must be positive");
  return (docs) => docs.slice(0, wanted);
}

function count(argument: unknown): StageRun {
  if (typeof argument !== "string" || argument === "" || /[.$]/.test(argument)) {
    throw new CommandError(40156, "the count field must be a non-empty string without . and $");
  }
  return (docs) => (docs.length === 0 ? [] : [{ [argument]: docs.length }]);
}

function sortByCount(argument: unknown): StageRun {
  const grouped = group({ _id: argument, count: { $sum: 1 } });
  const sorted = sort({ count: -1 });
  return (docs, environment) => sorted(grouped(docs, environment), environment);
}

function replaceWith(argument: unknown): StageRun {
  const evaluate = compileExpression(argument);
  return (docs) =>
    docs.map((doc) => {
      const root = evaluate(doc);
      if (isDoc(root)) return root;
      throw new CommandError(
        40228,
        "'newRoot' expression must evaluate to an object, but resulting value was: " +
          shellText(root),
      );
    });
}

function replaceRoot(argument: unknown): StageRun {
  if (!isDoc(argument) || argument["newRoot"] === undefined) {
    throw new CommandError(40231, "no newRoot specified for the $replaceRoot stage");
  }
  return replaceWith(argument["newRoot"]);
}

function facet(argument: unknown): StageRun {
  if (!isDoc(argument) || Object.keys(argument).length === 0) {
    throw new CommandError(40169, "the $facet specification must be a non-empty object");
  }
  const facets = Object.keys(argument).map((name) => {
    const stages = compilePipeline(argument[name]);
    if (stages.some((stage) => stage.name === "$facet")) {
      throw new CommandError(40600, "$facet is not allowed to be used within a $facet stage");
    }
    return [name, stages] as const;
  });
  return (docs, environment) => [
    Object.fromEntries(
      facets.map(([name, stages]) => [name, runPipeline(docs, stages, environment)]),
    ),
  ];
}

const STAGES: Readonly<Record<string, (argument: unknown) => StageRun>> = {
  $addFields: (argument) => addFields("$addFields", argument),
  $count: count,
  $facet: facet,
  $group: group,
  $limit: limit,
  $lookup: lookup,
  $match: match,
  $project: project,
  $replaceRoot: replaceRoot,
  $replaceWith: replaceWith,
  $set: (argument) => addFields("$set", argument),
  $skip: skip,
  $sort: sort,
  $sortByCount: sortByCount,
  $unset: unset,
  $unwind: unwind,
};

export function compilePipeline(pipeline: unknown): Stage[] {
  if (!Array.isArray(pipeline)) throw typeMismatch("A pipeline must be an array");
  return pipeline.map(compileStage);
}

function compileStage(stage: unknown): Stage {
  if (!isDoc(stage)) throw typeMismatch("Each element of the 'pipeline' array must be an object");
  const [name = "", ...others] = Object.keys(stage);
  if (name === "" || others.length > 0) {
    throw new CommandError(
      40323,
      "A pipeline stage specification object must contain exactly one field.",
    );
  }
  const argument = stage[name];
  const make = Object.hasOwn(STAGES, name) ? STAGES[name] : undefined;
  if (make !== undefined) return { name, argument, run: make(argument) };
  if (OTHER_STAGES.has(name) || Object.hasOwn(known, name)) throw unsupported(`The stage ${name}`);
  throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
}

export function runPipeline(
  docs: readonly Doc[],
  stages: readonly Stage[],
  environment: PipelineEnvironment,
): readonly Doc[] {
  return stages.reduce((current, stage) => stage.run(current, environment), docs);
}
