import { Binary, Long, MaxKey, MinKey, ObjectId, Timestamp } from "mongodb";
import type { Document } from "mongodb";
import { describe, expect, it } from "vitest";
import { idsOf, useServer } from "./harness.ts";
import type { Row } from "./harness.ts";

const bench = useServer();

const MIXED: Row[] = [
  { _id: "maxKey", v: new MaxKey() },
  { _id: "regex", v: /x/ },
  { _id: "timestamp", v: new Timestamp({ t: 1, i: 1 }) },
  { _id: "date", v: new Date(-1) },
  { _id: "bool", v: false },
  { _id: "objectId", v: new ObjectId() },
  { _id: "binary", v: new Binary(Buffer.from([1])) },
  { _id: "object", v: { a: 1 } },
  { _id: "string", v: "" },
  { _id: "long", v: Long.fromNumber(3) },
  { _id: "double", v: 2.5 },
  { _id: "null", v: null },
  { _id: "emptyArray", v: [] },
  { _id: "minKey", v: new MinKey() },
];
const ASCENDING = idsOf(MIXED).toReversed();

describe("sort", () => {
  it("values of different types stand in BSON's order", async () => {
    const rows = await bench.rows(...MIXED);
    expect(idsOf(await rows.find().sort({ v: 1 }).toArray())).toEqual(ASCENDING);
    expect(idsOf(await rows.find().sort({ v: -1 }).toArray())).toEqual(ASCENDING.toReversed());
  });

  it("the order is the same when an index gives it", async () => {
    const rows = await bench.rows(...MIXED.filter((row) => row._id !== "emptyArray"));
    await rows.createIndex({ v: 1 });
    const plan = await rows.find().sort({ v: -1 }).explain();
    expect(plan).toMatchObject({
      queryPlanner: { winningPlan: { stage: "FETCH", inputStage: { direction: "backward" } } },
    });
    const wanted = ASCENDING.filter((id) => id !== "emptyArray").toReversed();
    expect(idsOf(await rows.find().sort({ v: -1 }).toArray())).toEqual(wanted);
  });

  it("a missing field sorts as null", async () => {
    const rows = await bench.rows({ _id: 1, a: 0 }, { _id: 2 }, { _id: 3, a: null });
    expect(idsOf(await rows.find().sort({ a: 1, _id: 1 }).toArray())).toEqual([2, 3, 1]);
  });

  it("an array sorts by its least element ascending and its greatest descending", async () => {
    const rows = await bench.rows({ _id: 1, a: [5, 9] }, { _id: 2, a: [1, 6] }, { _id: 3, a: 7 });
    await rows.createIndex({ a: 1 });
    expect(idsOf(await rows.find().sort({ a: 1 }).toArray())).toEqual([2, 1, 3]);
    expect(idsOf(await rows.find().sort({ a: -1 }).toArray())).toEqual([1, 3, 2]);
  });

  it("one element gives all the fields of a sort that lead into its array", async () => {
    const rows = await bench.rows(
      {
        _id: 1,
        a: [
          { x: 1, y: 9 },
          { x: 2, y: 0 },
        ],
      },
      { _id: 2, a: [{ x: 1, y: 5 }] },
    );
    expect(idsOf(await rows.find().sort({ "a.x": 1, "a.y": 1 }).toArray())).toEqual([2, 1]);
  });

  it("a sort by two arrays of one document is refused", async () => {
    const rows = await bench.rows({ _id: 1, a: [1, 2], b: [1, 2] });
    const attempt = rows.find().sort({ a: 1, b: 1 }).toArray();
    await expect(attempt).rejects.toMatchObject({
      code: 2,
      message: expect.stringMatching(/parallel arrays/),
    });
  });

  it("strings sort by code point, beyond the basic plane too", async () => {
    const rows = await bench.rows(
      { _id: "\u{1f98a}" },
      { _id: "\uffee" },
      { _id: "é" },
      { _id: "z" },
    );
    expect(idsOf(await rows.find().sort({ _id: 1 }).toArray())).toEqual([
      "z",
      "é",
      "\uffee",
      "\u{1f98a}",
    ]);
  });

  it("skip and limit count after the sort", async () => {
    const rows = await bench.rows({ _id: 3 }, { _id: 1 }, { _id: 4 }, { _id: 2 });
    expect(idsOf(await rows.find().sort({ _id: -1 }).skip(1).limit(2).toArray())).toEqual([3, 2]);
  });

  it.each([
    ["natural order", { $natural: -1 }, 238],
    ["a field that begins with a dollar", { $x: 1 }, 16410],
    ["a path with an empty part", { "a..b": 1 }, 15998],
  ])("a sort by %s is refused", async (_what, sort, code) => {
    const command = bench.client().db("test").command({ find: "any", sort });
    await expect(command).rejects.toMatchObject({ code });
  });

  it("a direction other than 1 and -1 is refused", async () => {
    const command = bench
      .client()
      .db("test")
      .command({ find: "any", sort: { a: 2 } });
    await expect(command).rejects.toMatchObject({ code: 15975 });
  });
});

const DOCUMENT = { _id: 1, a: 1, b: { c: 2, d: 3 }, list: [{ x: 1, y: 2 }, { x: 3 }, 4] };

const PROJECTIONS: [rule: string, projection: Document, result: Document][] = [
  ["an inclusion keeps _id and what it names", { a: 1 }, { _id: 1, a: 1 }],
  ["_id can be left out of an inclusion", { a: 1, _id: 0 }, { a: 1 }],
  ["only _id", { _id: 1 }, { _id: 1 }],
  ["an exclusion keeps the rest", { b: 0, list: 0 }, { _id: 1, a: 1 }],
  ["a dotted inclusion keeps the shape", { "b.d": 1 }, { _id: 1, b: { d: 3 } }],
  ["a nested inclusion means the dotted one", { b: { d: 1 } }, { _id: 1, b: { d: 3 } }],
  ["a dotted exclusion removes one field", { "b.d": 0, list: 0 }, { _id: 1, a: 1, b: { c: 2 } }],
  [
    "an inclusion inside arrays drops scalars",
    { "list.x": 1 },
    { _id: 1, list: [{ x: 1 }, { x: 3 }] },
  ],
  [
    "an exclusion inside arrays keeps scalars",
    { "list.x": 0, b: 0 },
    { _id: 1, a: 1, list: [{ y: 2 }, {}, 4] },
  ],
  [
    "$slice takes from the end and keeps the other fields",
    { list: { $slice: -1 }, b: 0 },
    { _id: 1, a: 1, list: [4] },
  ],
  ["$slice skips and takes", { _id: 1, list: { $slice: [1, 1] } }, { _id: 1, list: [{ x: 3 }] }],
  [
    "$elemMatch keeps the first match",
    { list: { $elemMatch: { x: 3 } } },
    { _id: 1, list: [{ x: 3 }] },
  ],
  [
    "$elemMatch beside an exclusion keeps the rest",
    { list: { $elemMatch: { x: 3 } }, b: 0 },
    { _id: 1, a: 1, list: [{ x: 3 }] },
  ],
  ["a field that is not there is not made", { nope: 1, "a.z": 1 }, { _id: 1 }],
];

describe("projection", () => {
  it.each(PROJECTIONS)("%s", async (_rule, projection, result) => {
    const rows = await bench.rows(DOCUMENT);
    expect(await rows.findOne({}, { projection })).toStrictEqual(result);
  });

  const MIXES: [string, Document, number][] = [
    ["an exclusion in an inclusion", { a: 1, b: 0 }, 31254],
    ["an inclusion in an exclusion", { a: 0, b: 1 }, 31253],
    ["a path and its own parent", { b: 1, "b.c": 1 }, 31249],
    ["an expression, which is not built", { a: { $add: [1, 2] } }, 238],
    ["a position, which is not built", { "list.$": 1 }, 238],
  ];

  it.each(MIXES)("%s is refused", async (_name, projection, code) => {
    const rows = await bench.rows(DOCUMENT);
    await expect(rows.findOne({}, { projection })).rejects.toMatchObject({ code });
  });
});
