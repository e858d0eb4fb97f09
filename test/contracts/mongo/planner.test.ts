/** Whatever the indexes, a query has one answer: the answer without any. */
import { describe, expect, it } from "vitest";
import type { Document } from "mongodb";
import { idsOf, useServer } from "./harness.ts";
import type { Row } from "./harness.ts";

const bench = useServer();

/** A small linear congruential generator: the same documents and queries in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const INDEXES: Document[] = [
  { a: 1 },
  { a: 1, b: -1 },
  { b: 1, a: 1, c: -1 },
  { c: -1, a: 1 },
  { "d.x": 1, "d.y": 1 },
  { "d.y": 1, c: -1 },
];

type Pick = (below: number) => number;

function anyValue(pick: Pick): unknown {
  const values = [null, 0, 1, 2, 3, "s", "t", true, new Date(5)];
  return values[pick(values.length)];
}

function anyDocument(pick: Pick, id: number): Row {
  const document: Row = { _id: id };
  for (const field of ["a", "b", "c"]) {
    const kind = pick(10);
    if (kind === 0) continue;
    document[field] =
      kind === 1 && field === "a" ? [anyValue(pick), anyValue(pick)] : anyValue(pick);
  }
  document["d"] =
    pick(3) === 0
      ? Array.from({ length: pick(3) }, () => ({ x: pick(3), y: pick(3) }))
      : { x: pick(3), y: anyValue(pick) };
  return document;
}

function anyCondition(pick: Pick): unknown {
  switch (pick(7)) {
    case 0:
      return { $in: [anyValue(pick), anyValue(pick)] };
    case 1:
      return { $gt: pick(3) };
    case 2:
      return { $gte: pick(3), $lt: pick(4) };
    case 3:
      return { $lte: anyValue(pick) };
    case 4:
      return { $ne: anyValue(pick) };
    default:
      return anyValue(pick);
  }
}

function anyFilter(pick: Pick, depth = 0): Document {
  const fields = ["a", "b", "c", "d.x", "d.y"];
  const filter: Document = {};
  for (let i = pick(3); i >= 0; i -= 1) {
    filter[fields[pick(fields.length)] ?? "a"] = anyCondition(pick);
  }
  if (depth === 0 && pick(3) === 0) filter["$or"] = [anyFilter(pick, 1), anyFilter(pick, 1)];
  if (depth === 0 && pick(4) === 0) {
    filter["d"] = { $elemMatch: { x: pick(3), y: pick(3) } };
  }
  return filter;
}

function anySort(pick: Pick): Record<string, 1 | -1> {
  const fields = ["a", "b", "c", "d.y"];
  const sort: Record<string, 1 | -1> = {};
  for (let i = pick(3); i > 0; i -= 1) {
    sort[fields[pick(fields.length)] ?? "a"] = pick(2) === 0 ? 1 : -1;
  }
  return sort;
}

describe("indexes change how documents are found, never which", () => {
  it.each([1, 2, 3, 4])("seed %i: 150 queries on 300 documents", async (seed) => {
    const pick = generator(seed);
    const documents = Array.from({ length: 300 }, (_, id) => anyDocument(pick, id));
    const plain = await bench.rows(...documents);
    const indexed = await bench.rows();
    await indexed.createIndexes(INDEXES.map((key) => ({ key: key as Record<string, 1 | -1> })));
    await indexed.insertMany(documents);
    // Changes and deletions have to leave the indexes in order too.
    for (let i = 0; i < 60; i += 1) {
      const id = pick(300);
      const update = { $set: { b: anyValue(pick), d: { x: pick(3), y: pick(3) } } };
      await Promise.all([plain, indexed].map((rows) => rows.updateOne({ _id: id }, update)));
      const doomed = pick(300);
      await Promise.all([plain, indexed].map((rows) => rows.deleteOne({ _id: doomed })));
    }
    let viaIndex = 0;
    for (let i = 0; i < 150; i += 1) {
      const filter = anyFilter(pick);
      // _id last makes the order total, so that the answers compare exactly.
      const sort = { ...anySort(pick), _id: 1 as const };
      const limit = pick(2) === 0 ? 0 : 1 + pick(20);
      const [expected, actual] = await Promise.all(
        [plain, indexed].map((rows) => rows.find(filter, { sort, limit }).toArray()),
      );
      expect(idsOf(actual ?? []), JSON.stringify({ filter, sort, limit })).toEqual(
        idsOf(expected ?? []),
      );
      const unsorted = await indexed.find(filter).toArray();
      expect(unsorted.length, JSON.stringify(filter)).toBe(await plain.countDocuments(filter));
      const { winningPlan } = (await indexed.find(filter).explain())["queryPlanner"];
      if (winningPlan.stage === "FETCH") viaIndex += 1;
    }
    // The comparison is worth something only if most queries did use an index.
    expect(viaIndex).toBeGreaterThan(75);
  });
});
