/** Whatever the indexes, a query has one answer: the answer of a look at every document. */
import { Long } from "bson";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CommandError } from "../../../local/mongo/errors.ts";
import { findRecords } from "../../../local/mongo/planner/execute.ts";
import type { Query } from "../../../local/mongo/planner/execute.ts";
import { compileFilter } from "../../../local/mongo/query/matcher.ts";
import { sortDocs } from "../../../local/mongo/query/sort.ts";
import { Collection } from "../../../local/mongo/storage/collection.ts";
import type { IndexSpec } from "../../../local/mongo/storage/index.ts";
import type { Doc } from "../../../local/mongo/values/types.ts";

/** The same documents and queries in every run. */
const SEED = 20_261_124;
const RUNS = 1_000;

/** Documents as the codec makes them: with the usual prototype, and fields that may be missing. */
const LOOSE: { requiredKeys: []; noNullPrototype: true } = {
  requiredKeys: [],
  noNullPrototype: true,
};

const operator = (condition: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Doc> =>
  fc.record(condition, { noNullPrototype: true });

const scalar = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<unknown>(0, 1, 2, 3) },
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(
      null,
      "s",
      "t",
      true,
      new Date(5),
      Long.fromNumber(1),
      1.5,
      Number.NaN,
    ),
  },
);
const embedded = fc.record({ x: scalar, y: scalar }, LOOSE);
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: embedded },
  { weight: 1, arbitrary: fc.array(fc.oneof(embedded, scalar), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(fc.array(scalar, { maxLength: 2 }), { maxLength: 2 }) },
);
const fields = fc.record({ a: value, b: value, c: scalar, d: value }, LOOSE);

const path = fc.constantFrom<string>("a", "a", "b", "b", "c", "d.x", "d.y", "a.x");
const direction = fc.constantFrom<1 | -1>(1, -1);

const partialFilter = fc.constantFrom<Doc | null>(
  null,
  { a: { $exists: true } },
  { b: { $exists: true } },
  { a: { $gt: 0 } },
  { c: { $gte: 1, $lt: 3 } },
  { b: 1 },
  { "d.x": { $lte: 2 } },
  { a: { $type: "number" } },
  { $and: [{ c: { $exists: true } }, { a: { $gte: 1 } }] },
);

const index = fc
  .record({
    fields: fc.uniqueArray(fc.record({ path, direction }), {
      minLength: 1,
      maxLength: 3,
      selector: (field) => field.path,
    }),
    isSparse: fc.boolean(),
    partialFilter,
  })
  .map((spec): IndexSpec => {
    // MongoDB allows one of the two.
    const isSparse = spec.isSparse && spec.partialFilter === null;
    return Object.assign(spec, { name: JSON.stringify(spec.fields), isUnique: false, isSparse });
  });

const operators = fc.oneof(
  operator({ $gt: scalar }),
  operator({ $gte: scalar, $lt: scalar }),
  operator({ $lte: scalar }),
  operator({ $in: fc.array(scalar, { maxLength: 3 }) }),
  operator({ $in: fc.array(scalar, { maxLength: 3 }), $gte: scalar }),
  operator({ $nin: fc.array(scalar, { maxLength: 2 }) }),
  operator({ $ne: scalar }),
  operator({ $exists: fc.boolean() }),
  operator({ $not: operator({ $gt: scalar, $lte: scalar }) }),
  operator({ $elemMatch: operator({ $gte: scalar, $lte: scalar }) }),
  operator({ $elemMatch: fc.record({ x: scalar, y: scalar }, LOOSE) }),
  operator({ $all: fc.array(scalar, { minLength: 1, maxLength: 2 }) }),
);
const conditions = fc
  .array(
    fc.tuple(
      path,
      fc.oneof(
        { weight: 1, arbitrary: fc.constant(null) },
        { weight: 4, arbitrary: value },
        { weight: 8, arbitrary: operators },
      ),
    ),
    {
      minLength: 0,
      maxLength: 3,
    },
  )
  .map((entries): Doc => Object.fromEntries(entries));
const filter = fc.oneof(
  { weight: 3, arbitrary: conditions },
  {
    weight: 1,
    arbitrary: fc
      .tuple(conditions, fc.array(conditions, { minLength: 1, maxLength: 3 }))
      .map(([own, $or]): Doc => Object.assign(own, { $or })),
  },
  {
    weight: 1,
    arbitrary: fc.array(conditions, { minLength: 1, maxLength: 2 }).map(($and): Doc => ({ $and })),
  },
  { weight: 1, arbitrary: conditions.map((one): Doc => ({ $nor: [one] })) },
);
const sort = fc
  .uniqueArray(fc.record({ path, direction }), { maxLength: 2, selector: (field) => field.path })
  // _id last makes the order total, so that the answers compare exactly.
  .map((entries) => entries.concat({ path: "_id", direction: 1 }));
const query = fc.record({
  filter,
  sort,
  skip: fc.constantFrom(0, 0, 2),
  limit: fc.constantFrom(Infinity, Infinity, 1, 4),
});

/** Undefined where the command is refused: parallel arrays can be neither indexed nor sorted. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof CommandError && (error.code === 171 || error.code === 2)) return undefined;
    throw error;
  }
}

const idsOf = (docs: readonly Doc[]): unknown[] => docs.map((doc) => doc["_id"]);

function byScan(docs: readonly Doc[], wanted: Query): unknown[] {
  const found = sortDocs(docs.filter(compileFilter(wanted.filter)), wanted.sort, (doc) => doc);
  return idsOf(found.slice(wanted.skip, wanted.skip + wanted.limit));
}

const byPlan = (collection: Collection, wanted: Query) =>
  findRecords(collection, wanted, { documents: 0, keys: 0 });

function filled(documents: readonly Doc[], indexes: readonly IndexSpec[]): Collection {
  const collection = new Collection("test.rows");
  for (const spec of indexes) collection.addIndex(spec);
  for (const [id, doc] of documents.entries()) {
    attempt(() => collection.insert({ _id: id, ...doc }, new Uint8Array()));
  }
  return collection;
}

const documentsOf = (collection: Collection): Doc[] =>
  Array.from(collection.records(), (record) => record.doc);

describe("indexes change how documents are found, never which", () => {
  const someDocuments = fc.array(fields, { minLength: 5, maxLength: 25 });
  const someIndexes = fc.uniqueArray(index, {
    minLength: 1,
    maxLength: 5,
    selector: (spec) => spec.name,
  });
  const someQueries = fc.array(query, { minLength: 5, maxLength: 10 });

  it(`${RUNS} random collections, with the order of a sort and its limits`, () => {
    let viaIndex = 0;
    let all = 0;
    const property = fc.property(
      someDocuments,
      someIndexes,
      someQueries,
      (docs, specs, queries) => {
        const collection = filled(docs, specs);
        for (const wanted of queries) {
          const expected = attempt(() => byScan(documentsOf(collection), wanted));
          const found = attempt(() => byPlan(collection, wanted));
          expect(found && idsOf(found.records.map((record) => record.doc))).toEqual(expected);
          all += 1;
          if (found?.plan.kind === "index" || found?.plan.kind === "union") viaIndex += 1;
        }
      },
    );
    fc.assert(property, { seed: SEED, numRuns: RUNS });
    // The comparison is worth something only if many queries did use an index.
    expect(viaIndex).toBeGreaterThan(all / 3);
  });

  it(`${RUNS} random collections, unsorted, after changes and deletions`, () => {
    const changes = fc.array(fc.tuple(fc.nat({ max: 24 }), fc.option(fields)), { maxLength: 15 });
    const property = fc.property(
      someDocuments,
      someIndexes,
      someQueries,
      changes,
      (docs, specs, queries, changed) => {
        const collection = filled(docs, specs);
        for (const [id, doc] of changed) {
          const record = collection.byHashedId(`n${id}`);
          if (record === undefined) continue;
          if (doc === null) collection.delete(record);
          else attempt(() => collection.replace(record, { _id: id, ...doc }, new Uint8Array()));
        }
        for (const one of queries) {
          const wanted = { ...one, sort: [], skip: 0, limit: Infinity };
          const expected = byScan(documentsOf(collection), wanted);
          const found = byPlan(collection, wanted).records.map((record) => record.doc["_id"]);
          expect(new Set(found)).toEqual(new Set(expected));
          expect(found).toHaveLength(expected.length);
        }
      },
    );
    fc.assert(property, { seed: SEED, numRuns: RUNS });
  });
});
