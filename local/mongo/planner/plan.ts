/** Chooses how to find the documents of a filter: by id, through one index or several, or by a scan. */
import type { SortField } from "../query/sort.ts";
import type { Collection } from "../storage/collection.ts";
import type { CollectionIndex } from "../storage/index.ts";
import type { StoredRecord } from "../storage/record.ts";
import { hashKey } from "../values/compare.ts";
import { fieldOf } from "../values/paths.ts";
import type { Doc } from "../values/types.ts";
import { branchesOf } from "./conditions.ts";
import type { Branch } from "./conditions.ts";
import { covers } from "./eligibility.ts";
import { rangesOf } from "./ranges.ts";
import type { Range } from "./ranges.ts";
import { sortThrough } from "./sort-order.ts";
import type { SortedScan } from "./sort-order.ts";

export type IndexScan = {
  readonly index: CollectionIndex;
  readonly ranges: readonly Range[];
  /** Set when the scan yields documents in the order asked for. */
  readonly sorted: SortedScan | null;
  /** Whether one document can turn up more than once. */
  readonly mayRepeat: boolean;
};

export type Plan =
  | { readonly kind: "id"; readonly record: StoredRecord }
  | { readonly kind: "scan" }
  | { readonly kind: "index"; readonly scan: IndexScan }
  | { readonly kind: "union"; readonly scans: readonly IndexScan[] };

export type PlanRequest = {
  readonly filter: Doc;
  readonly sort: readonly SortField[];
  /** How many documents will be read at most: skip and limit together. */
  readonly wanted: number;
};

/** Guesses, as a planner must make them: how many entries it takes to find one match of a residual filter. */
const ENTRIES_PER_RESIDUAL_MATCH = 8;
const SORT_COST_FACTOR = 1.3;
const FETCH_COST_FACTOR = 1.1;

export function choosePlan(collection: Collection, request: PlanRequest): Plan {
  const idKey = hashKey(fieldOf(request.filter, "_id"));
  const record = idKey === null ? undefined : collection.byHashedId(idKey);
  if (record !== undefined) return { kind: "id", record };

  const branches = branchesOf(request.filter);
  const hasSort = request.sort.length > 0;
  const hasFilter = Object.keys(request.filter).length > 0;
  let best: Plan = { kind: "scan" };
  // As in MongoDB a scan is what remains when no index serves, however small the collection.
  let bestCost = Infinity;
  if (!hasSort && !hasFilter) return best;
  for (const index of collection.indexes) {
    const candidate = scanThrough(index, branches, request);
    if (candidate === null || candidate.cost > bestCost) continue;
    best = { kind: "index", scan: candidate.scan };
    bestCost = candidate.cost;
  }
  if (branches.length > 1 && (best.kind === "scan" || best.kind === "index")) {
    const union = unionOf(collection, branches, request);
    if (union !== null && union.cost < bestCost) return { kind: "union", scans: union.scans };
  }
  return best;
}

type Costed = { readonly scan: IndexScan; readonly cost: number };

function scanThrough(
  index: CollectionIndex,
  branches: readonly Branch[],
  request: PlanRequest,
): Costed | null {
  if (!branches.every((branch) => covers(index, branch, request.filter))) return null;
  const perBranch = branches.map((branch) => rangesOf(index, branch));
  // A branch that the index does not bound makes it a scan of the whole index, once.
  const isBounded = perBranch.every((ranges) => ranges.every((range) => range.bounded > 0));
  const ranges = isBounded ? perBranch.flat() : rangesOf(index, new Map());
  const sorted = request.sort.length === 0 ? null : sortThrough(index, ranges, request.sort);
  if (!isBounded && sorted === null) return null;
  const total = ranges.reduce(
    (sum, range) => sum + index.entries.estimate(range.from, range.to),
    0,
  );
  const isExact = perBranch.every((own, i) =>
    own.every((range) => range.bounded === branches[i]?.size),
  );
  const mayRepeat = index.isMultikey || branches.length > 1;
  return {
    scan: { index, ranges, sorted, mayRepeat },
    cost: costOf(total, isExact, sorted, request),
  };
}

function costOf(
  total: number,
  isExact: boolean,
  sorted: SortedScan | null,
  request: PlanRequest,
): number {
  if (request.sort.length > 0 && sorted === null) {
    return total * FETCH_COST_FACTOR * SORT_COST_FACTOR;
  }
  const toRead = request.wanted * (isExact ? 1 : ENTRIES_PER_RESIDUAL_MATCH);
  return Math.min(total, toRead) * FETCH_COST_FACTOR;
}

/** Each branch of an `$or` through its own index; the results are united and, if need be, sorted. */
function unionOf(
  collection: Collection,
  branches: readonly Branch[],
  request: PlanRequest,
): { readonly scans: IndexScan[]; readonly cost: number } | null {
  const scans: IndexScan[] = [];
  let cost = 0;
  for (const branch of branches) {
    let best: Costed | null = null;
    for (const index of collection.indexes) {
      const candidate = scanThrough(index, [branch], { ...request, sort: [] });
      if (candidate !== null && (best === null || candidate.cost < best.cost)) best = candidate;
    }
    if (best === null) return null;
    scans.push(best.scan);
    cost += best.cost * (request.sort.length > 0 ? SORT_COST_FACTOR : 1);
  }
  return { scans, cost };
}
