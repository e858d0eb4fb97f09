/** Aggregation expressions, where they differ from filters and from mingo. */
import { Decimal128, Long, ObjectId } from "mongodb";
import type { Document } from "mongodb";
import { describe, expect, it } from "vitest";
import { useServer } from "./harness.ts";

const bench = useServer();
const id = new ObjectId();

/** `undefined`: the field is missing from the result. */
const CASES: [rule: string, expression: unknown, document: Document, result: unknown][] = [
  ["a missing field is not equal to null", { $eq: ["$no", null] }, {}, false],
  ["a missing field is below every number", { $lt: ["$no", 5] }, {}, true],
  ["values of different types compare in BSON's order", { $gt: ["a", 5] }, {}, true],
  [
    "documents with another order of fields differ",
    { $eq: ["$a", "$b"] },
    { a: { x: 1, y: 2 }, b: { y: 2, x: 1 } },
    false,
  ],
  ["ids compare by value", { $eq: ["$a", id] }, { a: id }, true],
  [
    "int64 compares exactly",
    { $gt: ["$a", 9007199254740992] },
    { a: Long.fromString("9007199254740993") },
    true,
  ],
  ["a path into an array collects", "$a.b", { a: [{ b: 1 }, 5, { c: 2 }, { b: 3 }] }, [1, 3]],
  ["a number in a path is no array index", "$a.0", { a: [1] }, []],
  ["a missing part of an array literal is null", ["$a", "$no"], { a: 1 }, [1, null]],
  ["a missing result leaves the field out", "$no", {}, undefined],
  ["$cond takes zero for false and an empty string for true", { $cond: [0, 1, ""] }, {}, ""],
  ["$ifNull takes the first that is there", { $ifNull: ["$no", null, "$a"] }, { a: 7 }, 7],
  ["$add of null is null", { $add: ["$no", 1] }, {}, null],
  ["$add moves a date", { $add: ["$a", 5] }, { a: new Date(5) }, new Date(10)],
  ["$subtract of dates is milliseconds", { $subtract: [new Date(9), "$a"] }, { a: new Date(4) }, 5],
  ["$divide makes a double", { $divide: [7, 2] }, {}, 3.5],
  ["$mod has the sign of the dividend", { $mod: [-5, 3] }, {}, -2],
  ["$round goes to the even neighbour", { $round: [2.5] }, {}, 2],
  ["$max skips null", { $max: ["$a", null, 3] }, { a: 2 }, 3],
  ["$in looks into an array", { $in: [id, "$a"] }, { a: [id] }, true],
  ["$size counts", { $size: "$a" }, { a: [1, 2] }, 2],
  ["$arrayElemAt counts from the end", { $arrayElemAt: ["$a", -1] }, { a: [1, 2] }, 2],
  ["$concat of null is null", { $concat: ["a", "$no"] }, {}, null],
  ["$toUpper of null is empty", { $toUpper: "$no" }, {}, ""],
  ["$substrCP counts code points", { $substrCP: ["$a", 1, 2] }, { a: "héllo" }, "él"],
  ["$literal is not evaluated", { $literal: "$a" }, { a: 1 }, "$a"],
  [
    "$filter and $map bind their elements",
    {
      $map: {
        input: { $filter: { input: "$a", as: "x", cond: { $gt: ["$$x", 1] } } },
        in: { $multiply: ["$$this", "$n"] },
      },
    },
    { a: [1, 2, 3], n: 10 },
    [20, 30],
  ],
  [
    "$reduce carries a value",
    { $reduce: { input: "$a", initialValue: 0, in: { $add: ["$$value", "$$this"] } } },
    { a: [1, 2, 3] },
    6,
  ],
  ["$let names a value", { $let: { vars: { x: "$a.b" }, in: "$$x" } }, { a: { b: 4 } }, 4],
  [
    "$dateToString formats in UTC",
    { $dateToString: { date: "$a", format: "%Y-%m-%dT%H:%M:%S.%LZ" } },
    { a: new Date(5) },
    "1970-01-01T00:00:00.005Z",
  ],
  [
    "$mergeObjects skips null",
    { $mergeObjects: ["$a", null, { y: 2 }] },
    { a: { x: 1 } },
    { x: 1, y: 2 },
  ],
];

describe("expressions", () => {
  it.each(CASES)("%s", async (_rule, expression, document, result) => {
    const rows = await bench.rows({ _id: 1, ...document });
    const [found] = await rows.aggregate([{ $project: { _id: 0, result: expression } }]).toArray();
    expect(found).toStrictEqual(result === undefined ? {} : { result });
  });

  const REFUSALS: [what: string, expression: unknown, code: number][] = [
    ["an unknown operator", { $foo: 1 }, 168],
    ["an operator that is not built", { $dateAdd: {} }, 238],
    ["an unknown variable", "$$nobody", 17276],
    ["a variable that is not built", "$$NOW", 238],
    ["two operators in one", { $add: [1], $abs: 1 }, 15983],
    ["too few arguments", { $eq: [1] }, 16020],
    ["a text in a sum", { $add: ["$text", 1] }, 14],
    ["a division by zero", { $divide: ["$n", 0] }, 2],
    ["the size of a number", { $size: "$n" }, 17124],
    ["a sum of decimals", { $add: ["$decimal", 1] }, 238],
  ];

  it.each(REFUSALS)("%s is refused", async (_what, expression, code) => {
    const decimal = Decimal128.fromString("1.5");
    const rows = await bench.rows({ _id: 1, n: 1, text: "x", decimal });
    const attempt = rows.aggregate([{ $project: { result: expression } }]).toArray();
    await expect(attempt).rejects.toMatchObject({ code });
  });

  it("$expr tells missing from null, and a filter does not", async () => {
    const rows = await bench.rows({ _id: 1, a: null }, { _id: 2 });
    expect(await rows.countDocuments({ $expr: { $eq: ["$a", null] } })).toBe(1);
    expect(await rows.countDocuments({ a: null })).toBe(2);
  });
});
