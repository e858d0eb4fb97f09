import { ObjectId } from "mongodb";
import type { Document, Filter } from "mongodb";
import { describe, expect, it } from "vitest";
import { useServer } from "./harness.ts";
import type { Row } from "./harness.ts";

const bench = useServer();

describe("upsert", () => {
  it("starts from the equalities of the filter and applies $setOnInsert", async () => {
    const rows = await bench.rows();
    const result = await rows.updateOne(
      { _id: "k", "a.b": 1, c: { $gt: 5 }, $and: [{ d: { $eq: 4 } }] },
      { $set: { e: 5 }, $setOnInsert: { f: 6 } },
      { upsert: true },
    );
    expect(result).toMatchObject({ matchedCount: 0, upsertedCount: 1, upsertedId: "k" });
    expect(await rows.find().toArray()).toEqual([{ _id: "k", a: { b: 1 }, d: 4, e: 5, f: 6 }]);
  });

  it.each<[filter: Filter<Row>, fields: Document]>([
    [
      { a: { $in: [1] }, b: { $all: [2] }, c: { $eq: 3, $gt: 1 } },
      { a: 1, b: 2, c: 3 },
    ],
    [{ $or: [{ a: 1 }] }, { a: 1 }],
    [{ $or: [{ a: 1 }, { a: 2 }] }, {}],
    [{ a: /x/, b: { $ne: 1 }, c: { $exists: false } }, {}],
  ])("takes from the filter only what it fixes: %j", async (filter, fields) => {
    const rows = await bench.rows();
    await rows.updateOne(filter, { $set: { z: 1 } }, { upsert: true });
    const found = await rows.find({}, { projection: { _id: 0 } }).toArray();
    expect(found).toEqual([{ ...fields, z: 1 }]);
  });

  it("makes an _id when the filter has none", async () => {
    const rows = await bench.rows();
    const { upsertedId } = await rows.updateOne({ a: 1 }, { $inc: { n: 1 } }, { upsert: true });
    expect(upsertedId).toBeInstanceOf(ObjectId);
    expect(await rows.find().toArray()).toEqual([{ _id: upsertedId, a: 1, n: 1 }]);
  });

  it("an _id other than the filter's is refused with code 66", async () => {
    const rows = await bench.rows();
    const attempt = rows.updateOne({ _id: 1 }, { $set: { _id: 2 } }, { upsert: true });
    await expect(attempt).rejects.toMatchObject({ code: 66 });
    expect(await rows.countDocuments()).toBe(0);
  });

  it("a filter that names a field twice is refused with code 54", async () => {
    const rows = await bench.rows();
    for (const filter of [{ $and: [{ a: 1 }, { a: 2 }] }, { a: { b: 1 }, "a.c": 2 }]) {
      const attempt = rows.updateOne(filter, { $set: { n: 1 } }, { upsert: true });
      await expect(attempt).rejects.toMatchObject({ code: 54 });
    }
    expect(await rows.countDocuments()).toBe(0);
  });

  it("a replacement takes only _id from the filter", async () => {
    const rows = await bench.rows();
    await rows.replaceOne({ _id: 5, a: 1 }, { b: 2 }, { upsert: true });
    expect(await rows.find().toArray()).toEqual([{ _id: 5, b: 2 }]);
  });

  it("concurrent upserts of one key insert one document", async () => {
    const rows = await bench.rows();
    const attempts = Array.from({ length: 10 }, () =>
      rows.updateOne({ _id: "k" }, { $inc: { n: 1 } }, { upsert: true }),
    );
    const results = await Promise.all(attempts);
    expect(results.filter((result) => result.upsertedCount === 1)).toHaveLength(1);
    expect(await rows.find().toArray()).toEqual([{ _id: "k", n: 10 }]);
  });
});
