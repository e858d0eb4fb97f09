import { Binary, Decimal128, Long, MaxKey, MinKey, ObjectId, Timestamp } from "mongodb";
import { describe, expect, it } from "vitest";
import { useServer } from "./harness.ts";

const bench = useServer();

describe("insert", () => {
  it("every BSON type comes back as it was sent", async () => {
    const rows = await bench.rows();
    const document = {
      _id: new ObjectId(),
      text: "naïve 🦊",
      int: 7,
      negative: -2.5,
      long: Long.fromString("9007199254740993"),
      decimal: Decimal128.fromString("1.10"),
      when: new Date(1_700_000_000_123),
      bytes: new Binary(Buffer.from([0, 1, 255])),
      nothing: null,
      yes: true,
      list: [1, [2, { three: 3 }]],
      inner: { b: 1, a: { z: 1, y: 2 } },
      stamp: new Timestamp({ t: 5, i: 6 }),
      least: new MinKey(),
      most: new MaxKey(),
    };
    await rows.insertOne(document);
    expect(await rows.findOne({ _id: document._id })).toStrictEqual(document);
  });

  it("the order of fields is kept, through an update too", async () => {
    const rows = await bench.rows({ _id: 1, z: 1, a: { y: 1, b: 2 }, m: 3 });
    await rows.updateOne({ _id: 1 }, { $set: { z: 9, "a.c": 3 } });
    const found = await rows.findOne({ _id: 1 });
    expect(JSON.stringify(found)).toBe('{"_id":1,"z":9,"a":{"y":1,"b":2,"c":3},"m":3}');
  });

  it("_id comes first, wherever the client put it", async () => {
    const rows = await bench.rows();
    await rows.insertOne({ a: 1, _id: "x" });
    expect(Object.keys((await rows.findOne()) ?? {})).toEqual(["_id", "a"]);
  });

  it("a document without _id is given an ObjectId by the server", async () => {
    const rows = await bench.rows();
    const { dbName, collectionName } = rows;
    await bench
      .client()
      .db(dbName)
      .command({ insert: collectionName, documents: [{ a: 1 }] });
    expect((await rows.findOne())?._id).toBeInstanceOf(ObjectId);
  });

  it.each([
    ["an array", [1]],
    ["a regular expression", /x/],
  ])("an _id that is %s is refused with code 53", async (_name, id) => {
    const rows = await bench.rows();
    const insert = { insert: rows.collectionName, documents: [{ _id: id }] };
    const reply = await bench.client().db("test").command(insert);
    expect(reply).toMatchObject({ n: 0, writeErrors: [{ index: 0, code: 53 }] });
  });

  it("an ordered batch stops at its first failure", async () => {
    const rows = await bench.rows({ _id: 2 });
    const error = await rows
      .insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }])
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 11000, result: { insertedCount: 1 } });
    expect(await rows.distinct("_id")).toEqual([1, 2]);
  });

  it("an unordered batch tries every document and reports each failure by its index", async () => {
    const rows = await bench.rows({ _id: 2 }, { _id: 3 });
    const error = await rows
      .insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }, { _id: 4 }], { ordered: false })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ writeErrors: [{ index: 1 }, { index: 2 }] });
    expect(await rows.distinct("_id")).toEqual([1, 2, 3, 4]);
  });

  it("an empty batch is refused with code 16", async () => {
    const command = bench.client().db("test").command({ insert: "empty", documents: [] });
    await expect(command).rejects.toMatchObject({ code: 16, codeName: "InvalidLength" });
  });

  it("an unacknowledged write is applied although it is not answered", async () => {
    const rows = await bench.rows();
    // The read may take another connection and arrive first.
    await rows.insertOne({ _id: 1 }, { writeConcern: { w: 0 } });
    await expect.poll(() => rows.countDocuments({ _id: 1 })).toBe(1);
  });

  it("a document that an update grows beyond 16 MiB is refused and stays as it was", async () => {
    const rows = await bench.rows({ _id: 1, half: "x".repeat(9_000_000) });
    const grow = rows.updateOne({ _id: 1 }, { $set: { other: "y".repeat(9_000_000) } });
    await expect(grow).rejects.toMatchObject({ code: 10334 });
    expect(Object.keys((await rows.findOne({ _id: 1 })) ?? {})).toEqual(["_id", "half"]);
  });

  it("a document of 15 MiB goes in and comes out whole", async () => {
    const text = "x".repeat(15 * 1024 * 1024);
    const rows = await bench.rows({ _id: 1, text });
    expect((await rows.findOne({ _id: 1 }))?.["text"]).toBe(text);
  });

  it("what a client changes after a write does not change what is stored", async () => {
    const document = { _id: 1, tags: ["a"] };
    const rows = await bench.rows(document);
    document.tags.push("b");
    (await rows.findOne({ _id: 1 }))?.["tags"].push("c");
    expect(await rows.findOne({ _id: 1 })).toEqual({ _id: 1, tags: ["a"] });
  });
});
