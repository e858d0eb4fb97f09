/**
 * What each filter finds: run without an index and with one.
 * Source: https://www.mongodb.com/docs/manual/reference/operator/query/
 */
import { Long, MaxKey, MinKey } from "mongodb";
import type { Filter } from "mongodb";
import type { Row } from "./harness.ts";

export type FilterCase = [rule: string, documents: Row[], filter: Filter<Row>, ids: unknown[]];

const big = Long.fromString("9007199254740993");

export const VALUE_CASES: FilterCase[] = [
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
    "NaN matches itself and no range",
    [
      { _id: 1, a: Number.NaN },
      { _id: 2, a: 1 },
    ],
    { a: { $lt: 5 } },
    [2],
  ],
  [
    "MinKey and MaxKey compare with every type, and with what is missing",
    [{ _id: 1, a: "x" }, { _id: 2, a: 1 }, { _id: 3, a: null }, { _id: 4 }],
    { a: { $gt: new MinKey(), $lt: new MaxKey() } },
    [1, 2, 3, 4],
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
