/**
 * What filters find in arrays and along dotted paths: run without an index and with one.
 * Source: https://www.mongodb.com/docs/manual/tutorial/query-arrays/
 */
import { Long } from "mongodb";
import type { FilterCase } from "./query-values.ts";

export const ARRAY_CASES: FilterCase[] = [
  [
    "a scalar element has no fields, not even missing ones",
    [
      { _id: 1, a: [5] },
      { _id: 2, a: [{}] },
    ],
    { "a.0.b": null },
    [2],
  ],
  [
    "$elemMatch takes an array among the elements for a document of its indexes",
    [
      { _id: 1, a: [[{ x: 1 }]] },
      { _id: 2, a: [[7]] },
      { _id: 3, a: [{ x: 1 }] },
    ],
    { $or: [{ a: { $elemMatch: { x: 1 } } }, { a: { $elemMatch: { "0": 7 } } }] },
    [2, 3],
  ],
  [
    "$not of several operators holds unless all of them do",
    [{ _id: 1, a: 3 }, { _id: 2, a: 9 }, { _id: 3 }, { _id: 4, a: [1, 9] }],
    { a: { $not: { $gt: 1, $lt: 5 } } },
    [2, 3],
  ],
  [
    "$not of $all",
    [{ _id: 1, a: [1, 2] }, { _id: 2, a: [1] }, { _id: 3 }],
    { a: { $not: { $all: [1, 2] } } },
    [2, 3],
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
    "two bounds on an array may be met by different elements",
    [
      { _id: 1, a: [1, 9] },
      { _id: 2, a: [1] },
    ],
    { a: { $gt: 4, $lt: 5 } },
    [1],
  ],
  [
    "$nin leaves out arrays that hold one of its values",
    [{ _id: 1, a: [1, 2] }, { _id: 2, a: [3] }, { _id: 3 }],
    { a: { $nin: [2] } },
    [2, 3],
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
];
