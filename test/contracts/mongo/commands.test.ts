import { describe, expect, it } from "vitest";
import { useServer } from "./harness.ts";

const bench = useServer();

describe("commands", () => {
  it("hello describes a standalone server with MongoDB's limits", async () => {
    expect(await bench.client().db("admin").command({ hello: 1 })).toMatchObject({
      isWritablePrimary: true,
      maxBsonObjectSize: 16_777_216,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
      maxWireVersion: 25,
      ok: 1,
    });
  });

  it("ping and buildInfo are answered", async () => {
    const admin = bench.client().db("admin");
    expect(await admin.command({ ping: 1 })).toMatchObject({ ok: 1 });
    expect(await admin.command({ buildInfo: 1 })).toMatchObject({ version: "8.0.0", ok: 1 });
  });

  it("an unknown command is refused with code 59", async () => {
    await expect(bench.client().db("test").command({ frobnicate: 1 })).rejects.toMatchObject({
      code: 59,
      codeName: "CommandNotFound",
      message: "no such command: 'frobnicate'",
    });
  });

  it("an unknown field of a command is refused, not ignored", async () => {
    const command = bench
      .client()
      .db("test")
      .command({ find: "any", filtre: { a: 1 } });
    await expect(command).rejects.toMatchObject({
      code: 40415,
      message: "BSON field 'find.filtre' is an unknown field.",
    });
  });

  it.each([
    ["find", { find: "any", filter: 5 }, "find.filter"],
    ["find", { find: "any", sort: "a" }, "find.sort"],
    ["insert", { insert: "any", documents: 5 }, "insert.documents"],
    ["update", { update: "any", updates: {} }, "update.updates"],
  ])("%s refuses an argument of the wrong type with code 14", async (_name, command, field) => {
    await expect(bench.client().db("test").command(command)).rejects.toMatchObject({
      code: 14,
      codeName: "TypeMismatch",
      message: expect.stringContaining(`BSON field '${field}' is the wrong type`),
    });
  });

  it.each([
    ["a collation", { find: "any", collation: { locale: "de" } }],
    ["a tailable cursor", { find: "any", tailable: true }],
    ["a capped collection", { create: "capped", capped: true, size: 1 }],
    ["a validator", { create: "valid", validator: { a: 1 } }],
    ["variables", { aggregate: "any", pipeline: [], cursor: {}, let: { a: 1 } }],
  ])("%s is refused rather than ignored", async (_what, command) => {
    await expect(bench.client().db("test").command(command)).rejects.toMatchObject({ code: 238 });
  });

  it("a simple collation is none, and is let pass", async () => {
    const rows = await bench.rows({ _id: 1 });
    expect(await rows.find({}, { collation: { locale: "simple" } }).toArray()).toEqual([
      { _id: 1 },
    ]);
  });

  it("a transaction is refused as a standalone server does", async () => {
    const rows = await bench.rows();
    const session = bench.client().startSession();
    try {
      session.startTransaction();
      // The driver knows the server's refusal by its message and words it anew.
      await expect(rows.insertOne({ _id: 1 }, { session })).rejects.toMatchObject({
        originalError: { code: 20, codeName: "IllegalOperation" },
      });
    } finally {
      await session.endSession();
    }
    expect(await rows.countDocuments({})).toBe(0);
  });

  it("a session without a transaction is accepted", async () => {
    const rows = await bench.rows();
    await bench.client().withSession(async (session) => {
      await rows.insertOne({ _id: 1 }, { session });
      expect(await rows.findOne({ _id: 1 }, { session })).toEqual({ _id: 1 });
    });
  });

  it("a change stream is refused", async () => {
    const rows = await bench.rows();
    const stream = rows.watch();
    await expect(stream.next()).rejects.toMatchObject({ code: 238 });
    await stream.close();
  });

  it("a query on a collection that does not exist finds nothing and makes nothing", async () => {
    const db = bench.client().db("nothing");
    expect(await db.collection("absent").findOne({ a: 1 })).toBeNull();
    expect(await db.collection("absent").deleteMany({})).toMatchObject({ deletedCount: 0 });
    expect(await db.listCollections().toArray()).toEqual([]);
  });

  it.each(["", "a$b", "system.x"])(
    "a collection called '%s' is refused with code 73",
    async (name) => {
      const command = bench.client().db("test").command({ create: name });
      await expect(command).rejects.toMatchObject({ code: 73, codeName: "InvalidNamespace" });
    },
  );
});

describe("databases and collections", () => {
  it("collections are made, listed, filtered and dropped", async () => {
    const db = bench.client().db("catalog");
    await db.createCollection("one");
    await db.createCollection("one");
    await db.collection("two").insertMany([{ a: 1 }]);
    const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(
      (one) => one.name,
    );
    expect(names.toSorted()).toEqual(["one", "two"]);
    expect(await db.listCollections({ name: "two" }).toArray()).toMatchObject([
      { name: "two", type: "collection" },
    ]);
    expect(await db.dropCollection("two")).toBe(true);
    expect(await db.collection("two").countDocuments({})).toBe(0);
    expect((await db.listCollections().toArray()).map((one) => one.name)).toEqual(["one"]);
  });

  it("a dropped collection loses its indexes too", async () => {
    const rows = await bench.rows({ _id: 1, a: 1 });
    await rows.createIndex({ a: 1 }, { unique: true });
    await rows.drop();
    await rows.insertMany([
      { _id: 1, a: 1 },
      { _id: 2, a: 1 },
    ]);
    expect(await rows.countDocuments({})).toBe(2);
  });

  it("databases are listed by name and dropped whole", async () => {
    const client = bench.client();
    await client.db("first").collection("x").insertOne({});
    await client.db("second").collection("x").insertOne({});
    const names = async () =>
      (await client.db("admin").admin().listDatabases({ nameOnly: true })).databases.map(
        ({ name }) => name,
      );
    expect(await names()).toEqual(expect.arrayContaining(["first", "second"]));
    await client.db("first").dropDatabase();
    expect(await names()).not.toContain("first");
    expect(await client.db("second").collection("x").countDocuments({})).toBe(1);
  });

  it("databases do not share collections", async () => {
    const client = bench.client();
    await client.db("left").collection("x").insertOne({ side: "left" });
    expect(await client.db("right").collection("x").findOne({})).toBeNull();
  });

  it("drop() on the server forgets everything", async () => {
    await bench.rows({ _id: 1 });
    await bench.server().drop();
    const { databases } = await bench.client().db("admin").admin().listDatabases();
    expect(databases).toEqual([]);
  });
});
