/**
 * How a query would be found, so that tests can prove that it goes through an index.
 * Source: https://www.mongodb.com/docs/manual/reference/explain-results/
 */
import { unsupported } from "../errors.ts";
import { findRecords } from "../planner/execute.ts";
import type { Found, Query } from "../planner/execute.ts";
import type { IndexScan } from "../planner/plan.ts";
import { keyPatternOf } from "../storage/index.ts";
import { isDoc, toNumber } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { aggregateQuery } from "./aggregate.ts";
import { docArgument, missing, nameOf } from "../values/arguments.ts";
import { collectionName } from "./arguments.ts";
import type { CommandContext, CommandDefinition } from "./context.ts";
import { countQuery, findQuery } from "./find.ts";
import { parseSort } from "../query/sort.ts";

function explainedQuery(context: CommandContext, command: Doc): Query {
  switch (nameOf(command)) {
    case "find":
      return findQuery(command);
    case "count":
      return countQuery(command);
    case "aggregate":
      return aggregateQuery(context, command).head;
    case "distinct":
      return { filter: docArgument(command, "query"), sort: [], skip: 0, limit: Infinity };
    case "findAndModify": {
      const sort = parseSort(docArgument(command, "sort"));
      return { filter: docArgument(command, "query"), sort, skip: 0, limit: 1 };
    }
    case "update":
    case "delete": {
      const statements = command["updates"] ?? command["deletes"];
      const [statement] = Array.isArray(statements) ? (statements as unknown[]) : [];
      if (!isDoc(statement)) throw missing(command, "updates");
      const isMulti = statement["multi"] === true || toNumber(statement["limit"]) === 0;
      const filter = docArgument(statement, "q");
      return { filter, sort: [], skip: 0, limit: isMulti ? Infinity : 1 };
    }
    default:
      throw unsupported(`explain of ${nameOf(command)}`);
  }
}

function indexStage(scan: IndexScan): Doc {
  const { index, sorted } = scan;
  return {
    stage: "IXSCAN",
    keyPattern: keyPatternOf(index.spec),
    indexName: index.spec.name,
    isMultiKey: index.isMultikey,
    isUnique: index.spec.isUnique,
    isSparse: index.spec.isSparse,
    isPartial: index.spec.partialFilter !== null,
    direction: sorted?.isReversed === true ? "backward" : "forward",
  };
}

const ID_STAGE: Doc = {
  stage: "IXSCAN",
  keyPattern: { _id: 1 },
  indexName: "_id_",
  isMultiKey: false,
  isUnique: true,
  isSparse: false,
  isPartial: false,
  direction: "forward",
};

function accessStage({ plan }: Found): Doc {
  if (plan.kind === "scan") return { stage: "COLLSCAN", direction: "forward" };
  if (plan.kind === "id") return { stage: "FETCH", inputStage: ID_STAGE };
  if (plan.kind === "index") return { stage: "FETCH", inputStage: indexStage(plan.scan) };
  return { stage: "FETCH", inputStage: { stage: "OR", inputStages: plan.scans.map(indexStage) } };
}

function winningPlan(found: Found, query: Query): Doc {
  const { plan } = found;
  const isSorted =
    query.sort.length === 0 ||
    plan.kind === "id" ||
    (plan.kind === "index" && plan.scan.sorted !== null);
  const access = accessStage(found);
  const ordered = isSorted ? access : { stage: "SORT", inputStage: access };
  return query.limit === Infinity
    ? ordered
    : { stage: "LIMIT", limitAmount: query.limit, inputStage: ordered };
}

export const explain: CommandDefinition = {
  isWrite: false,
  isRecorded: false,
  fields: ["verbosity"],
  run: (context, command) => {
    const explained = docArgument(command, "explain");
    const namespace = `${context.database}.${collectionName(explained)}`;
    const query = explainedQuery(context, explained);
    const collection = context.store.find(namespace);
    // An explanation is no query of the application's: it does not count as one.
    const found: Found =
      collection === undefined
        ? { records: [], plan: { kind: "scan" }, examined: { documents: 0, keys: 0 } }
        : findRecords(collection, query, { documents: 0, keys: 0 });
    const winning = winningPlan(found, query);
    return {
      explainVersion: "1",
      queryPlanner: {
        namespace,
        parsedQuery: query.filter,
        winningPlan: winning,
        rejectedPlans: [],
      },
      executionStats: {
        executionSuccess: true,
        nReturned: found.records.length,
        totalKeysExamined: found.examined.keys,
        totalDocsExamined: found.examined.documents,
        executionStages: { ...winning, nReturned: found.records.length },
      },
    };
  },
};
