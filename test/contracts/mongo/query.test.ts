import { Long, MaxKey, MinKey, ObjectId } from "mongodb";
import type { Filter } from "mongodb";
import { describe, expect, it } from "vitest";
import { idsOf, useServer } from "./harness.ts";
import type { Row } from "./harness.ts";

const bench = useServer();

type Case = [rule: string, documents: Row[], filter: Filter<Row>, ids: unknown[]];

const big = Long.fromString("9007199254740993");

const CASES: Case[] = [
  [
    "equality matches a scalar",
    [
      { _id: 1, a: 1 },
      { _id: 2, a: 2 },
    ],
    { a: 1 },
    [1],
  ],
  [
    "equality matches an element of an array",
    [
      { _id: 1, a: [1, 2] },
      { _id: 2, a: [3] },
    ],
    { a: 2 },
    [1],
  ],
  [
    "equality with an array matches it whole or as an element",
    [
      { _id: 1, a: [1, 2] },
      { _id: 2, a: [[1, 2]] },
      { _id: 3, a: [2, 1] },
    ],
    { a: [1, 2] },
    [1, 2],
  ],
  [
    "equality with a document heeds the order of its fields",
    [
      { _id: 1, a: { x: 1, y: 2 } },
      { _id: 2, a: { y: 2, x: 1 } },
    ],
    { a: { x: 1, y: 2 } },
    [1],
  ],
  [
    "null matches null and missing fields and nothing else",
    [{ _id: 1, a: null }, { _id: 2 }, { _id: 3, a: 0 }, { _id: 4, a: [] }],
    { a: null },
    [1, 2],
  ],
  [
    "$ne null leaves out missing fields",
    [{ _id: 1, a: null }, { _id: 2 }, { _id: 3, a: 0 }],
    { a: { $ne: null } },
    [3],
  ],
  [
    "a dotted path enters documents and arrays of documents",
    [
      { _id: 1, a: { b: 1 } },
      { _id: 2, a: [{ b: 0 }, { b: 1 }] },
      { _id: 3, a: [{ c: 1 }] },
    ],
    { "a.b": 1 },
    [1, 2],
  ],
  [
    "a number in a path is an array's index",
    [
      { _id: 1, a: [5, 6] },
      { _id: 2, a: [6, 5] },
    ],
    { "a.1": 6 },
    [1],
  ],
  [
    "a path into a scalar is a missing field",
    [
      { _id: 1, a: 5 },
      { _id: 2, a: { b: 1 } },
    ],
    { "a.b": null },
    [1],
  ],
  [
    "a path into an array of scalars is not null",
    [{ _id: 1, a: [5] }, { _id: 2 }],
    { "a.b": null },
    [2],
  ],
  [
    "$lte of a date never matches null or a missing field",
    [{ _id: 1, at: null }, { _id: 2 }, { _id: 3, at: new Date(5) }],
    { at: { $lte: new Date(10) } },
    [3],
  ],
  [
    "a range matches values of its own type only",
    [
      { _id: 1, a: 5 },
      { _id: 2, a: "5" },
      { _id: 3, a: new Date(5) },
      { _id: 4, a: [7] },
    ],
    { a: { $gt: 1 } },
    [1, 4],
  ],
  [
    "$gte null matches null and missing",
    [{ _id: 1, a: null }, { _id: 2 }, { _id: 3, a: 1 }],
    { a: { $gte: null } },
    [1, 2],
  ],
  [
    "two bounds on an array may be met by different elements",
    [
      { _id: 1, a: [1, 9] },
      { _id: 2, a: [1] },
    ],
    { a: { $gt: 4, $lt: 5 } },
    [1],
  ],
  [
    "NaN matches itself and no range",
    [
      { _id: 1, a: Number.NaN },
      { _id: 2, a: 1 },
    ],
    { a: { $lt: 5 } },
    [2],
  ],
  [
    "MinKey and MaxKey compare with every type",
    [
      { _id: 1, a: "x" },
      { _id: 2, a: 1 },
      { _id: 3, a: null },
    ],
    { a: { $gt: new MinKey(), $lt: new MaxKey() } },
    [1, 2, 3],
  ],
  [
    "an int64 beyond the safe integers compares exactly with one above",
    [
      { _id: 1, a: big },
      { _id: 2, a: 9007199254740992 },
    ],
    { a: { $gt: 9007199254740992 } },
    [1],
  ],
  [
    "an int64 equals the number of the same value",
    [
      { _id: 1, a: Long.fromNumber(5) },
      { _id: 2, a: 6 },
    ],
    { a: 5 },
    [1],
  ],
  [
    "$in matches any of its values, null and patterns among them",
    [{ _id: 1, a: 1 }, { _id: 2, a: "abc" }, { _id: 3 }, { _id: 4, a: 2 }],
    { a: { $in: [1, /^ab/, null] } },
    [1, 2, 3],
  ],
  [
    "$nin leaves out arrays that hold one of its values",
    [{ _id: 1, a: [1, 2] }, { _id: 2, a: [3] }, { _id: 3 }],
    { a: { $nin: [2] } },
    [2, 3],
  ],
  [
    "$exists tells null from missing",
    [{ _id: 1, a: null }, { _id: 2 }],
    { a: { $exists: true } },
    [1],
  ],
  [
    "$exists false matches missing only",
    [{ _id: 1, a: null }, { _id: 2 }],
    { a: { $exists: false } },
    [2],
  ],
  [
    "$type knows aliases, numbers and elements",
    [
      { _id: 1, a: "x" },
      { _id: 2, a: [1, "x"] },
      { _id: 3, a: 1 },
      { _id: 4, a: Long.fromNumber(1) },
    ],
    { a: { $type: ["string", 18] } },
    [1, 2, 4],
  ],
  [
    "$size matches the length exactly",
    [
      { _id: 1, a: [1, 2] },
      { _id: 2, a: [1] },
      { _id: 3, a: 2 },
    ],
    { a: { $size: 2 } },
    [1],
  ],
  [
    "$all wants every value, in any order",
    [
      { _id: 1, a: [3, 2, 1] },
      { _id: 2, a: [1] },
    ],
    { a: { $all: [1, 2] } },
    [1],
  ],
  [
    "$elemMatch wants one element to meet every condition",
    [
      { _id: 1, a: [{ b: 1, c: 2 }] },
      { _id: 2, a: [{ b: 1 }, { c: 2 }] },
    ],
    { a: { $elemMatch: { b: 1, c: 2 } } },
    [1],
  ],
  [
    "$elemMatch tests scalars with operators",
    [
      { _id: 1, a: [1, 9] },
      { _id: 2, a: [5] },
    ],
    { a: { $elemMatch: { $gt: 4, $lt: 6 } } },
    [2],
  ],
  [
    "$not holds where the field is missing",
    [{ _id: 1, a: 1 }, { _id: 2 }, { _id: 3, a: 9 }],
    { a: { $not: { $gt: 5 } } },
    [1, 2],
  ],
  [
    "$and, $or and $nor combine",
    [
      { _id: 1, a: 1, b: 1 },
      { _id: 2, a: 1, b: 2 },
      { _id: 3, a: 2, b: 2 },
      { _id: 4, a: 9 },
    ],
    { $and: [{ $or: [{ a: 1 }, { b: 2 }] }, { $nor: [{ a: 2 }] }] },
    [1, 2],
  ],
  [
    "$regex heeds its options",
    [
      { _id: 1, a: "Abc" },
      { _id: 2, a: "xabc" },
    ],
    { a: { $regex: "^abc", $options: "i" } },
    [1],
  ],
  [
    "$mod truncates and takes the sign of the dividend",
    [
      { _id: 1, a: 10.5 },
      { _id: 2, a: -4 },
      { _id: 3, a: 3 },
    ],
    { a: { $mod: [2, 0] } },
    [1, 2],
  ],
  [
    "$expr compares fields of one document",
    [
      { _id: 1, a: 2, b: 1 },
      { _id: 2, a: 1, b: 2 },
    ],
    { $expr: { $gt: ["$a", "$b"] } },
    [1],
  ],
  [
    "a field named like a method of objects is missing where it is not set",
    [{ _id: 1 }, { _id: 2, constructor: 1 }],
    { constructor: { $exists: true } },
    [2],
  ],
];

describe("filters", () => {
  it.each(CASES)("%s", async (_rule, documents, filter, ids) => {
    const rows = await bench.rows(...documents);
    expect(idsOf(await rows.find(filter).sort({ _id: 1 }).toArray())).toEqual(ids);
  });

  it.each(CASES)("%s (the same through an index)", async (_rule, documents, filter, ids) => {
    const rows = await bench.rows(...documents);
    await rows.createIndexes([{ key: { a: 1 } }, { key: { "a.b": -1 } }, { key: { at: 1 } }]);
    expect(idsOf(await rows.find(filter).sort({ _id: 1 }).toArray())).toEqual(ids);
  });

  it("an ObjectId of a filter finds the document by value", async () => {
    const id = new ObjectId();
    const rows = await bench.rows({ _id: id, a: 1 });
    expect(await rows.findOne({ _id: new ObjectId(id.toHexString()) })).toEqual({ _id: id, a: 1 });
  });

  const REFUSALS: [string, Filter<Row>, number][] = [
    ["an unknown operator", { a: { $foo: 1 } }, 2],
    ["an unknown operator at the top", { $foo: [] }, 2],
    ["an empty $or", { $or: [] }, 2],
    ["$in without an array", { a: { $in: 5 } }, 2],
    ["$size with a fraction", { a: { $size: 1.5 } }, 2],
    ["$mod by zero", { a: { $mod: [0, 1] } }, 2],
    ["$regex with an unknown flag", { a: { $regex: "x", $options: "q" } }, 2],
    ["$where, which is not built", { $where: "true" }, 238],
    ["$near, which is not built", { a: { $near: [0, 0] } }, 238],
  ];

  it.each(REFUSALS)("%s is refused, on an empty collection too", async (_name, filter, code) => {
    const rows = await bench.rows();
    await expect(rows.findOne(filter)).rejects.toMatchObject({ code });
  });
});
