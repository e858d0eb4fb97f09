/** The stages of an aggregation, at the edges of what they take. */
import { Long } from "mongodb";
import type { Document } from "mongodb";
import { describe, expect, it } from "vitest";
import { useServer } from "./harness.ts";
import type { Row } from "./harness.ts";

const bench = useServer();

type Case = [rule: string, documents: Row[], pipeline: Document[], result: Document[]];

const CASES: Case[] = [
  ["$count of nothing gives no document", [], [{ $count: "n" }], []],
  [
    "$group files missing under null",
    [{ _id: 1, a: null }, { _id: 2 }],
    [{ $group: { _id: "$a", n: { $count: {} } } }],
    [{ _id: null, n: 2 }],
  ],
  [
    "$group tells documents with another order of fields apart",
    [
      { _id: 1, a: { x: 1, y: 2 } },
      { _id: 2, a: { y: 2, x: 1 } },
    ],
    [{ $group: { _id: "$a" } }],
    [{ _id: { x: 1, y: 2 } }, { _id: { y: 2, x: 1 } }],
  ],
  [
    "accumulators of missing values: nothing is pushed, nothing is averaged",
    [{ _id: 1 }],
    [
      {
        $group: {
          _id: null,
          sum: { $sum: "$x" },
          avg: { $avg: "$x" },
          min: { $min: "$x" },
          first: { $first: "$x" },
          push: { $push: "$x" },
          set: { $addToSet: "$x" },
        },
      },
    ],
    [{ _id: null, sum: 0, avg: null, min: null, first: null, push: [], set: [] }],
  ],
  [
    "$sum skips what is no number",
    [
      { _id: 1, x: 1 },
      { _id: 2, x: "2" },
      { _id: 3, x: [3] },
    ],
    [{ $group: { _id: null, sum: { $sum: "$x" } } }],
    [{ _id: null, sum: 1 }],
  ],
  [
    "$project keeps the order of the document, then computes",
    [{ _id: 1, a: { x: 1, y: 2 }, b: 3 }],
    [{ $project: { z: "$b", b: 1, "a.y": 1 } }],
    [{ _id: 1, a: { y: 2 }, b: 3, z: 3 }],
  ],
  [
    "$project without _id may do nothing but compute",
    [{ _id: 1, a: 1 }],
    [{ $project: { _id: 0, b: "$a" } }],
    [{ b: 1 }],
  ],
  [
    "$addFields writes into every element, and $$REMOVE removes",
    [{ _id: 1, a: [{ x: 1 }, 5], b: 2 }],
    [{ $addFields: { "a.y": "$b", b: "$$REMOVE" } }],
    [{ _id: 1, a: [{ x: 1, y: 2 }, { y: 2 }] }],
  ],
  [
    "$unwind drops missing, null and empty arrays, and keeps a scalar",
    [{ _id: 1 }, { _id: 2, a: null }, { _id: 3, a: [] }, { _id: 4, a: 5 }],
    [{ $unwind: "$a" }],
    [{ _id: 4, a: 5 }],
  ],
  [
    "$unwind keeps them when asked, and numbers the elements",
    [{ _id: 1 }, { _id: 3, a: [] }, { _id: 4, a: [7] }],
    [{ $unwind: { path: "$a", includeArrayIndex: "i", preserveNullAndEmptyArrays: true } }],
    [
      { _id: 1, i: null },
      { _id: 3, i: null },
      { _id: 4, a: 7, i: 0 },
    ],
  ],
  [
    "$unwind numbers the elements inside a document too, and makes one of what is none",
    [
      { _id: 1, a: [7, 8], at: { x: 1 } },
      { _id: 2, a: 9, at: [1] },
      { _id: 3, a: [], at: "y" },
    ],
    [{ $unwind: { path: "$a", includeArrayIndex: "at.i", preserveNullAndEmptyArrays: true } }],
    [
      { _id: 1, a: 7, at: { x: 1, i: 0 } },
      { _id: 1, a: 8, at: { x: 1, i: 1 } },
      { _id: 2, a: 9, at: { i: null } },
      { _id: 3, at: { i: null } },
    ],
  ],
  [
    "$replaceRoot takes an embedded document",
    [{ _id: 1, a: { x: 1 } }],
    [{ $replaceRoot: { newRoot: "$a" } }],
    [{ x: 1 }],
  ],
  [
    "$sortByCount counts and sorts",
    [
      { _id: 1, a: "x" },
      { _id: 2, a: "y" },
      { _id: 3, a: "y" },
    ],
    [{ $sortByCount: "$a" }],
    [
      { _id: "y", count: 2 },
      { _id: "x", count: 1 },
    ],
  ],
];

describe("stages", () => {
  it.each(CASES)("%s", async (_rule, documents, pipeline, result) => {
    const rows = await bench.rows(...documents);
    const found = await rows.aggregate(pipeline).toArray();
    // As text, for the order of the fields counts too.
    expect(JSON.stringify(found)).toBe(JSON.stringify(result));
  });

  it("int64 goes through a pipeline as int64", async () => {
    const n = Long.fromString("9007199254740993");
    const rows = await bench.rows({ _id: 1, n });
    const [found] = await rows
      .aggregate([{ $group: { _id: null, sum: { $sum: "$n" } } }], { promoteLongs: false })
      .toArray();
    expect(found).toEqual({ _id: null, sum: n });
  });

  it("$lookup finds null for missing, elements for an array, and goes through an index", async () => {
    const others = await bench.rows({ _id: 1, k: "a" }, { _id: 2, k: "b" }, { _id: 3 });
    await others.createIndex({ k: 1 });
    const rows = await bench.rows({ _id: 1, k: ["a", "b"] }, { _id: 2 }, { _id: 3, k: "none" });
    const from = others.collectionName;
    bench.server().resetExamined();
    const found = await rows
      .aggregate([
        { $lookup: { from, localField: "k", foreignField: "k", as: "found" } },
        { $project: { "found._id": 1 } },
      ])
      .toArray();
    expect(found).toEqual([
      { _id: 1, found: [{ _id: 1 }, { _id: 2 }] },
      { _id: 2, found: [{ _id: 3 }] },
      { _id: 3, found: [] },
    ]);
    expect(bench.server().examined()).toEqual({ documents: 6, keys: 3 });
  });

  it.each([
    ["$project of nothing", [{ $project: {} }], 51272],
    ["$project that keeps and drops", [{ $project: { a: 1, b: 0 } }], 31254],
    ["$group without _id", [{ $group: { n: { $sum: 1 } } }], 15955],
    ["$group with a bare field", [{ $group: { _id: null, n: "$a" } }], 40234],
    ["an unknown accumulator", [{ $group: { _id: null, n: { $foo: 1 } } }], 15952],
    ["an accumulator that is not built", [{ $group: { _id: null, n: { $topN: {} } } }], 238],
    ["$skip of a negative", [{ $unwind: "$a" }, { $skip: -1 }], 5107201],
    ["$limit of a text", [{ $limit: "x" }], 5107201],
    ["$sort by nothing", [{ $sort: {} }], 15976],
    ["$unwind of a bare name", [{ $unwind: "a" }], 28818],
    ["$facet of nothing", [{ $facet: {} }], 40169],
    ["$lookup with a pipeline", [{ $lookup: { from: "x", as: "y", pipeline: [] } }], 238],
    ["$bucket, which is not built", [{ $bucket: {} }], 238],
  ])("%s is refused, on an empty collection too", async (_what, pipeline, code) => {
    const rows = await bench.rows();
    await expect(rows.aggregate(pipeline).toArray()).rejects.toMatchObject({ code });
  });
});
