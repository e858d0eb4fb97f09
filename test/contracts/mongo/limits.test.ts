/** What a server refuses whatever the command: sizes, depths, hints, write concerns. */
import type { Document } from "mongodb";
import { describe, expect, it } from "vitest";
import { useServer } from "./harness.ts";

const bench = useServer();

function nested(levels: number): Document {
  let document: Document = { leaf: true };
  for (let i = 0; i < levels; i += 1)
    document = i % 2 === 0 ? { inner: document } : { list: [document] };
  return document;
}

describe("a document that is to be stored", () => {
  it("may be a hundred levels deep, and not a thousand", async () => {
    const rows = await bench.rows({ _id: 1, ...nested(66) });
    const deep = { insert: rows.collectionName, documents: [{ _id: 2, ...nested(1_000) }] };
    const reply = await bench.client().db("test").command(deep);
    expect(reply).toMatchObject({ n: 0, writeErrors: [{ index: 0, code: 15 }] });
    const attempt = rows.updateOne({ _id: 1 }, { $set: { more: nested(200) } });
    await expect(attempt).rejects.toMatchObject({ code: 15 });
    expect(await rows.countDocuments({ more: { $exists: true } })).toBe(0);
  });

  it("may not have operators in its _id", async () => {
    const rows = await bench.rows();
    const insert = { insert: rows.collectionName, documents: [{ _id: { $x: 1 } }] };
    const reply = await bench.client().db("test").command(insert);
    expect(reply).toMatchObject({ n: 0, writeErrors: [{ index: 0, code: 52 }] });
  });
});

describe("the options that all commands share", () => {
  it("a write concern of several members is refused: there is one", async () => {
    const rows = await bench.rows();
    const attempt = rows.insertOne({ _id: 1 }, { writeConcern: { w: 2 } });
    await expect(attempt).rejects.toMatchObject({ code: 2 });
    expect(await rows.countDocuments()).toBe(0);
  });

  it.each([{ w: 1 }, { w: "majority" as const }, { w: 1, journal: true, wtimeoutMS: 5 }])(
    "a write concern that one member can meet is met: %o",
    async (writeConcern) => {
      const rows = await bench.rows();
      await expect(rows.insertOne({ _id: 1 }, { writeConcern })).resolves.toMatchObject({
        acknowledged: true,
      });
    },
  );

  it("maxTimeMS may be long and not negative", async () => {
    const rows = await bench.rows({ _id: 1 });
    expect(await rows.find().maxTimeMS(1_000).toArray()).toHaveLength(1);
    await expect(rows.find().maxTimeMS(-1).toArray()).rejects.toMatchObject({ code: 51024 });
  });

  it("a hint has to name an index, by its name or its key", async () => {
    const rows = await bench.rows({ _id: 1, a: 1 });
    await rows.createIndex({ a: 1 });
    for (const hint of ["a_1", { a: 1 }, { $natural: 1 }]) {
      expect(await rows.find({ a: 1 }, { hint }).toArray()).toHaveLength(1);
    }
    const attempts = [
      rows.find({ a: 1 }, { hint: "b_1" }).toArray(),
      rows.countDocuments({ a: 1 }, { hint: { b: 1 } }),
      rows.updateOne({ a: 1 }, { $set: { b: 1 } }, { hint: { b: 1 } }),
      rows.deleteOne({ a: 1 }, { hint: { b: 1 } }),
      rows.findOneAndDelete({ a: 1 }, { hint: { b: 1 } }),
    ];
    for (const attempt of await Promise.allSettled(attempts)) {
      expect(attempt).toMatchObject({ status: "rejected", reason: { code: 2 } });
    }
    expect(await rows.countDocuments()).toBe(1);
  });
});
