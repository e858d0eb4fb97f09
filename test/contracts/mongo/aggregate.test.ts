import { Long } from "mongodb";
import type { Document } from "mongodb";
import { describe, expect, it } from "vitest";
import { useServer } from "./harness.ts";

const bench = useServer();

const ORDERS = [
  { _id: 1, who: "a", n: 5, tags: ["x", "y"] },
  { _id: 2, who: "b", n: 7, tags: ["x"] },
  { _id: 3, who: "a", n: Long.fromNumber(10), tags: [] },
];

const CASES: [rule: string, pipeline: Document[], result: Document[]][] = [
  [
    "$match and $group add up int64 and int32",
    [{ $match: { who: "a" } }, { $group: { _id: "$who", sum: { $sum: "$n" } } }],
    [{ _id: "a", sum: 15 }],
  ],
  [
    "$group counts, then $sort orders",
    [{ $group: { _id: "$who", count: { $sum: 1 } } }, { $sort: { count: -1 } }],
    [
      { _id: "a", count: 2 },
      { _id: "b", count: 1 },
    ],
  ],
  [
    "$sort, $skip and $limit before anything else",
    [{ $sort: { n: -1 } }, { $skip: 1 }, { $limit: 1 }, { $project: { n: 1 } }],
    [{ _id: 2, n: 7 }],
  ],
  [
    "$limit before $sort limits first",
    [{ $limit: 2 }, { $sort: { _id: -1 } }, { $project: { _id: 1 } }],
    [{ _id: 2 }, { _id: 1 }],
  ],
  [
    "$skip before $sort skips first",
    [{ $skip: 1 }, { $sort: { _id: -1 } }, { $project: { _id: 1 } }],
    [{ _id: 3 }, { _id: 2 }],
  ],
  [
    "$limit before $skip limits first",
    [{ $limit: 2 }, { $skip: 1 }, { $project: { _id: 1 } }],
    [{ _id: 2 }],
  ],
  ["$match after $limit filters what is left", [{ $limit: 1 }, { $match: { who: "b" } }], []],
  [
    "a later $match uses this server's rules",
    [{ $project: { n: 1 } }, { $match: { n: { $gt: 6 } } }, { $count: "many" }],
    [{ many: 2 }],
  ],
  [
    "$unwind makes one of each element",
    [{ $unwind: "$tags" }, { $group: { _id: "$tags", n: { $sum: 1 } } }, { $sort: { _id: 1 } }],
    [
      { _id: "x", n: 2 },
      { _id: "y", n: 1 },
    ],
  ],
  [
    "$addFields and $unset change the shape",
    [
      { $match: { _id: 2 } },
      { $addFields: { twice: { $multiply: ["$n", 2] } } },
      { $unset: ["tags", "who"] },
    ],
    [{ _id: 2, n: 7, twice: 14 }],
  ],
  [
    "$facet runs pipelines side by side",
    [{ $facet: { few: [{ $limit: 1 }, { $project: { _id: 1 } }], all: [{ $count: "n" }] } }],
    [{ few: [{ _id: 1 }], all: [{ n: 3 }] }],
  ],
  [
    "an empty pipeline gives everything",
    [{ $match: {} }, { $project: { _id: 1 } }],
    [{ _id: 1 }, { _id: 2 }, { _id: 3 }],
  ],
];

describe("aggregate", () => {
  it.each(CASES)("%s", async (_rule, pipeline, result) => {
    const rows = await bench.rows(...ORDERS);
    expect(await rows.aggregate(pipeline).toArray()).toEqual(result);
  });

  it("$lookup joins another collection of the database", async () => {
    const people = await bench.rows({ _id: "a", name: "Ada" });
    const rows = await bench.rows(...ORDERS);
    const join = {
      from: people.collectionName,
      localField: "who",
      foreignField: "_id",
      as: "person",
    };
    const found = await rows.aggregate([{ $match: { _id: 1 } }, { $lookup: join }]).toArray();
    expect(found).toMatchObject([{ _id: 1, person: [{ name: "Ada" }] }]);
  });

  it("a pipeline does not change what is stored", async () => {
    const rows = await bench.rows({ _id: 1, a: { b: 1 } });
    await rows.aggregate([{ $set: { "a.b": 2, "a.c": 3 } }]).toArray();
    expect(await rows.findOne()).toEqual({ _id: 1, a: { b: 1 } });
  });

  it("a leading $match goes through an index", async () => {
    const rows = await bench.rows(...ORDERS);
    await rows.createIndex({ who: 1 });
    bench.server().resetExamined();
    await rows.aggregate([{ $match: { who: "b" } }, { $project: { n: 1 } }]).toArray();
    expect(bench.server().examined()).toEqual({ documents: 1, keys: 1 });
  });

  it.each([
    ["an unknown stage", [{ $foo: {} }], 40324],
    ["two stages in one", [{ $match: {}, $limit: 1 }], 40323],
    ["an unknown expression", [{ $project: { a: { $foo: 1 } } }], 168],
    [
      "an unknown operator in a later $match",
      [{ $unwind: "$tags" }, { $match: { a: { $foo: 1 } } }],
      2,
    ],
    ["$out, which would write", [{ $out: "x" }], 238],
    ["$out inside $facet", [{ $facet: { a: [{ $out: "x" }] } }], 238],
    ["a change stream", [{ $changeStream: {} }], 238],
    ["$limit of zero", [{ $limit: 0 }], 15958],
  ])("%s is refused", async (_what, pipeline, code) => {
    const rows = await bench.rows(...ORDERS);
    await expect(rows.aggregate(pipeline).toArray()).rejects.toMatchObject({ code });
  });

  it("count and distinct", async () => {
    const rows = await bench.rows(...ORDERS);
    expect(await rows.countDocuments({ who: "a" })).toBe(2);
    expect(await rows.countDocuments({ who: "nobody" })).toBe(0);
    expect(await rows.countDocuments({}, { skip: 1, limit: 1 })).toBe(1);
    expect(await rows.estimatedDocumentCount()).toBe(3);
    expect(await rows.distinct("tags")).toEqual(["x", "y"]);
    expect(await rows.distinct("n", { who: "a" })).toEqual([5, 10]);
    const db = bench.client().db("test");
    expect(
      await db.command({ count: rows.collectionName, query: { n: { $gt: 5 } } }),
    ).toMatchObject({ n: 2 });
  });
});
