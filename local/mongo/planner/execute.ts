/** Carries out a plan: candidates from the indexes, the filter, the sort, skip and limit. */
import { compileFilter } from "../query/matcher.ts";
import { sortDocs } from "../query/sort.ts";
import type { SortField } from "../query/sort.ts";
import type { Collection } from "../storage/collection.ts";
import type { IndexEntry } from "../storage/index.ts";
import type { StoredRecord } from "../storage/record.ts";
import { compareValues } from "../values/compare.ts";
import type { Doc } from "../values/types.ts";
import { choosePlan } from "./plan.ts";
import type { IndexScan, Plan } from "./plan.ts";

export type Query = {
  readonly filter: Doc;
  readonly sort: readonly SortField[];
  readonly skip: number;
  /** Infinity where there is none. */
  readonly limit: number;
};

export type Examined = { documents: number; keys: number };

export type Found = {
  readonly records: readonly StoredRecord[];
  readonly plan: Plan;
  readonly examined: Examined;
};

export function findRecords(collection: Collection, query: Query, total: Examined): Found {
  const matches = compileFilter(query.filter);
  const wanted = query.skip + query.limit;
  const plan = choosePlan(collection, { filter: query.filter, sort: query.sort, wanted });
  const isSorted =
    query.sort.length === 0 ||
    plan.kind === "id" ||
    (plan.kind === "index" && plan.scan.sorted !== null);
  const examined: Examined = { documents: 0, keys: 0 };
  let found: StoredRecord[] = [];
  for (const record of candidates(collection, plan, examined)) {
    // Before the next is read: a satisfied limit examines nothing more.
    examined.documents += 1;
    if (matches(record.doc)) found.push(record);
    if (isSorted && found.length >= wanted) break;
  }
  if (!isSorted) found = sortDocs(found, query.sort, (record) => record.doc);
  total.documents += examined.documents;
  total.keys += examined.keys;
  const records =
    query.skip === 0 && found.length <= query.limit ? found : found.slice(query.skip, wanted);
  return { records, plan, examined };
}

function candidates(
  collection: Collection,
  plan: Plan,
  examined: Examined,
): Iterable<StoredRecord> {
  if (plan.kind === "scan") return collection.records();
  if (plan.kind === "index") return distinct(entriesOf(plan.scan), plan.scan.mayRepeat, examined);
  if (plan.kind === "union") return distinct(concat(plan.scans.map(entriesOf)), true, examined);
  examined.keys += 1;
  return [plan.record];
}

function* concat(parts: readonly Iterable<IndexEntry>[]): Generator<IndexEntry, void> {
  for (const part of parts) yield* part;
}

function* distinct(
  entries: Iterable<IndexEntry>,
  mayRepeat: boolean,
  examined: Examined,
): Generator<StoredRecord, void> {
  const seen = new Set<StoredRecord>();
  for (const { record } of entries) {
    examined.keys += 1;
    if (mayRepeat) {
      if (seen.has(record)) continue;
      seen.add(record);
    }
    yield record;
  }
}

function entriesOf(scan: IndexScan): Iterable<IndexEntry> {
  const { entries } = scan.index;
  const isReversed = scan.sorted?.isReversed === true;
  const parts = scan.ranges.map((range) =>
    isReversed ? entries.backward(range.from, range.to) : entries.forward(range.from, range.to),
  );
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return scan.sorted === null ? concat(parts) : merge(parts, scan.sorted.mergeFields);
}

/** Ranges that are each in order, made one: the head that sorts first goes first. */
function* merge(
  parts: readonly Generator<IndexEntry, void>[],
  fields: readonly { readonly position: number; readonly direction: 1 | -1 }[],
): Generator<IndexEntry, void> {
  const heads = parts.flatMap((part) => {
    const first = part.next();
    return first.done === true ? [] : [{ part, entry: first.value }];
  });
  const isBefore = (a: IndexEntry, b: IndexEntry): boolean => {
    for (const { position, direction } of fields) {
      const order = compareValues(a.key[position], b.key[position]);
      if (order !== 0) return order * direction < 0;
    }
    return false;
  };
  while (heads.length > 0) {
    let least = 0;
    for (let i = 1; i < heads.length; i += 1) {
      const head = heads[i];
      const best = heads[least];
      if (head !== undefined && best !== undefined && isBefore(head.entry, best.entry)) least = i;
    }
    const head = heads[least];
    if (head === undefined) return;
    yield head.entry;
    const next = head.part.next();
    if (next.done === true) heads.splice(least, 1);
    else head.entry = next.value;
  }
}
