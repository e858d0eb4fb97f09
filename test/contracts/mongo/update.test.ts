import { Long, Timestamp } from "mongodb";
import type { Document } from "mongodb";
import { describe, expect, it } from "vitest";
import { useServer } from "./harness.ts";

const bench = useServer();

type Case = [rule: string, before: Document, update: Document, after: Document];

const CASES: Case[] = [
  ["$set makes the documents on its path", {}, { $set: { "a.b.c": 1 } }, { a: { b: { c: 1 } } }],
  ["$set pads an array with nulls", { a: [1] }, { $set: { "a.3": 4 } }, { a: [1, null, null, 4] }],
  [
    "new fields are added in the order of their names",
    {},
    { $set: { z: 1, b: 2 }, $inc: { m: 3 } },
    { b: 2, m: 3, z: 1 },
  ],
  [
    "$unset removes a field and nulls an element",
    { a: 1, b: [1, 2] },
    { $unset: { a: "", "b.0": "" } },
    { b: [null, 2] },
  ],
  ["$unset of a missing path does nothing", { a: 1 }, { $unset: { "x.y": "" } }, { a: 1 }],
  ["$inc of a missing field sets it", {}, { $inc: { n: 2 } }, { n: 2 }],
  [
    "$inc adds, also a negative and a fraction",
    { a: 1, b: 1 },
    { $inc: { a: -3, b: 0.5 } },
    { a: -2, b: 1.5 },
  ],
  ["$mul of a missing field sets zero", { a: 3 }, { $mul: { a: 4, b: 5 } }, { a: 12, b: 0 }],
  [
    "$min and $max write only what is beyond",
    { a: 5, b: 5, c: 5 },
    { $min: { a: 3, b: 9 }, $max: { c: 7, d: 1 } },
    { a: 3, b: 5, c: 7, d: 1 },
  ],
  ["$max compares dates", { a: new Date(1) }, { $max: { a: new Date(2) } }, { a: new Date(2) }],
  ["$min across types takes the lesser type", { a: "x" }, { $min: { a: 5 } }, { a: 5 }],
  [
    "$rename moves a value, into a document too",
    { a: 1, b: 2 },
    { $rename: { a: "c.d", nope: "e" } },
    { b: 2, c: { d: 1 } },
  ],
  [
    "$push appends and makes the array",
    { a: [1] },
    { $push: { a: 2, b: 3 } },
    { a: [1, 2], b: [3] },
  ],
  [
    "$push of an array without $each appends one element",
    { a: [] },
    { $push: { a: [1, 2] } },
    { a: [[1, 2]] },
  ],
  [
    "$push with $slice on a missing field makes the array",
    {},
    { $push: { a: { $each: [1, 2, 3], $slice: -2 } } },
    { a: [2, 3] },
  ],
  [
    "$push with $slice 0 empties",
    { a: [1] },
    { $push: { a: { $each: [2], $slice: 0 } } },
    { a: [] },
  ],
  [
    "$push with $position inserts, counting from the end when negative",
    { a: [1, 4], b: [1, 3] },
    { $push: { a: { $each: [2, 3], $position: 1 }, b: { $each: [2], $position: -1 } } },
    { a: [1, 2, 3, 4], b: [1, 2, 3] },
  ],
  [
    "$push sorts before it slices",
    { a: [{ s: 3 }, { s: 1 }] },
    { $push: { a: { $each: [{ s: 2 }], $sort: { s: 1 }, $slice: 2 } } },
    { a: [{ s: 1 }, { s: 2 }] },
  ],
  [
    "$push sorts scalars",
    { a: [3, 1] },
    { $push: { a: { $each: [2], $sort: -1 } } },
    { a: [3, 2, 1] },
  ],
  [
    "$addToSet adds what is not there, heeding field order",
    { a: [{ x: 1, y: 2 }] },
    {
      $addToSet: {
        a: {
          $each: [
            { x: 1, y: 2 },
            { y: 2, x: 1 },
          ],
        },
      },
    },
    {
      a: [
        { x: 1, y: 2 },
        { y: 2, x: 1 },
      ],
    },
  ],
  ["$pull removes equal elements", { a: [1, 2, 1] }, { $pull: { a: 1 } }, { a: [2] }],
  ["$pull removes by operators", { a: [1, 5, 9] }, { $pull: { a: { $gte: 5 } } }, { a: [1] }],
  [
    "$pull removes documents by a filter",
    { a: [{ id: 1, x: 1 }, { id: 2 }] },
    { $pull: { a: { id: 1 } } },
    { a: [{ id: 2 }] },
  ],
  [
    "$pull removes documents that meet one of several filters",
    { a: [{ x: 1 }, { y: 2 }, { z: 3 }] },
    { $pull: { a: { $or: [{ x: 1 }, { y: 2 }] } } },
    { a: [{ z: 3 }] },
  ],
  ["$pull of a missing field does nothing", { a: 1 }, { $pull: { b: 1 } }, { a: 1 }],
  [
    "$pullAll removes each of its values",
    { a: [1, 2, 3, 2] },
    { $pullAll: { a: [2, 3] } },
    { a: [1] },
  ],
  [
    "$pop takes from either end",
    { a: [1, 2, 3], b: [1, 2, 3] },
    { $pop: { a: 1, b: -1 } },
    { a: [1, 2], b: [2, 3] },
  ],
  [
    "$bit combines bits, from zero where the field is missing",
    { a: 12, b: 12 },
    { $bit: { a: { and: 10, or: 1 }, b: { xor: 10 }, c: { or: 3 } } },
    { a: 9, b: 6, c: 3 },
  ],
  [
    "$[] reaches every element",
    { a: [{ n: 1 }, { n: 2 }] },
    { $inc: { "a.$[].n": 10 } },
    { a: [{ n: 11 }, { n: 12 }] },
  ],
  [
    "$setOnInsert does nothing to a document that exists",
    { a: 1 },
    { $set: { a: 2 }, $setOnInsert: { b: 1 } },
    { a: 2 },
  ],
];

describe("update operators", () => {
  it.each(CASES)("%s", async (_rule, before, update, after) => {
    const rows = await bench.rows({ _id: 1, ...before });
    await rows.updateOne({ _id: 1 }, update);
    const found = await rows.findOne({ _id: 1 });
    expect(JSON.stringify(found)).toBe(JSON.stringify({ _id: 1, ...after }));
  });

  it("$ stands for the first element that met the filter", async () => {
    const rows = await bench.rows({
      _id: 1,
      a: [
        { id: 1, n: 0 },
        { id: 2, n: 0 },
      ],
    });
    await rows.updateOne({ _id: 1, "a.id": 2 }, { $set: { "a.$.n": 5 } });
    await rows.updateOne({ a: { $elemMatch: { id: 1, n: 0 } } }, { $inc: { "a.$.n": 3 } });
    expect((await rows.findOne())?.["a"]).toEqual([
      { id: 1, n: 3 },
      { id: 2, n: 5 },
    ]);
  });

  it("arrayFilters choose the elements of $[name]", async () => {
    const rows = await bench.rows({ _id: 1, a: [{ s: 1 }, { s: 5 }, { s: 9 }] });
    await rows.updateOne(
      { _id: 1 },
      { $set: { "a.$[big].hit": true } },
      { arrayFilters: [{ "big.s": { $gte: 5 } }] },
    );
    expect((await rows.findOne())?.["a"]).toEqual([
      { s: 1 },
      { s: 5, hit: true },
      { s: 9, hit: true },
    ]);
  });

  it("$currentDate writes one moment, as a date or a timestamp", async () => {
    const rows = await bench.rows({ _id: 1 });
    const earliest = Date.now();
    const moments: Document = { a: true, b: { $type: "timestamp" } };
    await rows.updateOne({ _id: 1 }, { $currentDate: moments });
    const found = await rows.findOne();
    expect(found?.["a"].getTime()).toBeGreaterThanOrEqual(earliest);
    expect(found?.["b"]).toBeInstanceOf(Timestamp);
  });

  it("$inc of an int64 stays exact, and an int32 grows into one", async () => {
    const rows = await bench.rows({
      _id: 1,
      a: Long.fromString("9007199254740993"),
      b: 2147483647,
    });
    await rows.updateOne({ _id: 1 }, { $inc: { a: 2, b: 1 } });
    const found = await rows.findOne({ a: { $type: "long" }, b: { $type: "long" } });
    expect(String(found?.["a"])).toBe("9007199254740995");
    expect(found?.["b"]).toBe(2147483648);
  });

  it("a replacement keeps _id and nothing else", async () => {
    const rows = await bench.rows({ _id: 1, a: 1, b: 2 });
    await rows.replaceOne({ a: 1 }, { c: 3 });
    expect(await rows.find().toArray()).toEqual([{ _id: 1, c: 3 }]);
  });

  it("updateMany changes each match, updateOne one", async () => {
    const rows = await bench.rows({ _id: 1, a: 1 }, { _id: 2, a: 1 }, { _id: 3, a: 2 });
    expect(await rows.updateMany({ a: 1 }, { $set: { b: 1 } })).toMatchObject({ modifiedCount: 2 });
    expect(await rows.updateOne({ a: 1 }, { $set: { b: 2 } })).toMatchObject({ modifiedCount: 1 });
    expect(await rows.countDocuments({ b: 2 })).toBe(1);
  });

  it("an update that changes nothing matches but does not modify", async () => {
    const rows = await bench.rows({ _id: 1, a: { b: [1] } });
    const result = await rows.updateOne({ _id: 1 }, { $set: { "a.b": [1] } });
    expect(result).toMatchObject({ matchedCount: 1, modifiedCount: 0 });
  });

  it("an update that matches nothing and does not upsert changes nothing", async () => {
    const rows = await bench.rows({ _id: 1 });
    const result = await rows.updateOne({ _id: 2 }, { $set: { a: 1 } });
    expect(result).toMatchObject({ matchedCount: 0, modifiedCount: 0, upsertedCount: 0 });
    expect(await rows.find().toArray()).toEqual([{ _id: 1 }]);
  });

  it("two updates conditional on one version: exactly one matches", async () => {
    const rows = await bench.rows({ _id: 1, version: 7, by: null });
    const attempts = Array.from({ length: 20 }, (_, by) =>
      rows.updateOne({ _id: 1, version: 7 }, { $set: { by }, $inc: { version: 1 } }),
    );
    const results = await Promise.all(attempts);
    const winners = results.flatMap((result, by) => (result.modifiedCount === 1 ? [by] : []));
    expect(winners).toHaveLength(1);
    expect(await rows.findOne()).toEqual({ _id: 1, version: 8, by: winners[0] });
  });
});
