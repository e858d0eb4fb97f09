/**
 * mingo's aggregation, limited to the stages that agree with MongoDB's and only read, and with this
 * server's own matcher and order put in for mingo's.
 */
import { Aggregator } from "mingo/aggregator";
import { Context } from "mingo/core";
import { Lazy } from "mingo/lazy";
import type { Iterator } from "mingo/lazy";
import type { Options } from "mingo/types";
import * as accumulator from "mingo/operators/accumulator";
import * as expression from "mingo/operators/expression";
import * as stages from "mingo/operators/pipeline";
import * as projection from "mingo/operators/projection";
import { CommandError } from "../errors.ts";
import { isDoc } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { compileFilter } from "./matcher.ts";
import { parseSort, sortDocs } from "./sort.ts";

const PIPELINE = {
  $match: (source: Iterator, filter: unknown, _options: Options): Iterator => {
    if (!isDoc(filter)) {
      throw new CommandError(15959, "the match filter must be an expression in an object");
    }
    return source.filter(compileFilter(filter));
  },
  $sort: (source: Iterator, spec: unknown, _options: Options): Iterator => {
    if (!isDoc(spec)) {
      throw new CommandError(15973, "the $sort key specification must be an object");
    }
    const sort = parseSort(spec);
    return source.transform((docs) => Lazy(sortDocs(docs, sort, (doc) => (isDoc(doc) ? doc : {}))));
  },
  $skip: stages.$skip,
  $limit: stages.$limit,
  $project: stages.$project,
  $addFields: stages.$addFields,
  $set: stages.$set,
  $unset: stages.$unset,
  $group: stages.$group,
  $unwind: stages.$unwind,
  $count: stages.$count,
  $facet: stages.$facet,
  $lookup: stages.$lookup,
  $replaceRoot: stages.$replaceRoot,
  $replaceWith: stages.$replaceWith,
  $sortByCount: stages.$sortByCount,
  $bucket: stages.$bucket,
  $sample: stages.$sample,
  $unionWith: stages.$unionWith,
};

export const SUPPORTED_STAGES: ReadonlySet<string> = new Set(Object.keys(PIPELINE));

const CONTEXT = Context.init({ accumulator, expression, projection, pipeline: PIPELINE });

export function runPipeline(
  docs: readonly Doc[],
  pipeline: readonly Doc[],
  collectionResolver: (name: string) => Doc[],
): Doc[] {
  const options = { context: CONTEXT, collectionResolver, scriptEnabled: false };
  return new Aggregator([...pipeline], options).run<Doc>([...docs]);
}
