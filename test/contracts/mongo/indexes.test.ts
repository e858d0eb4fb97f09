import type { Document } from "mongodb";
import { describe, expect, it } from "vitest";
import { idsOf, useServer } from "./harness.ts";

const bench = useServer();

describe("unique indexes", () => {
  it("E11000 names the index and the value, as the server words it", async () => {
    const rows = await bench.rows({ _id: 1, name: "x" });
    await rows.createIndex({ name: 1 }, { unique: true });
    const ns = rows.namespace;
    await expect(rows.insertOne({ _id: 2, name: "x" })).rejects.toMatchObject({
      code: 11000,
      message: `E11000 duplicate key error collection: ${ns} index: name_1 dup key: { name: "x" }`,
      keyPattern: { name: 1 },
      keyValue: { name: "x" },
    });
    expect(await rows.countDocuments({})).toBe(1);
  });

  it("_id is unique without being asked", async () => {
    const rows = await bench.rows({ _id: 1 });
    await expect(rows.insertOne({ _id: 1 })).rejects.toMatchObject({
      code: 11000,
      message: expect.stringContaining("index: _id_ dup key: { _id: 1 }"),
      keyPattern: { _id: 1 },
      keyValue: { _id: 1 },
    });
  });

  it("a compound one refuses the combination only", async () => {
    const rows = await bench.rows({ _id: 1, ns: "a", key: "k" });
    await rows.createIndex({ ns: 1, key: -1 }, { unique: true, name: "by_key" });
    await rows.insertOne({ _id: 2, ns: "b", key: "k" });
    await expect(rows.insertOne({ _id: 3, ns: "a", key: "k" })).rejects.toMatchObject({
      message: expect.stringContaining('index: by_key dup key: { ns: "a", key: "k" }'),
      keyPattern: { ns: 1, key: -1 },
    });
  });

  it("missing counts as null", async () => {
    const rows = await bench.rows({ _id: 1 });
    await rows.createIndex({ name: 1 }, { unique: true });
    await expect(rows.insertOne({ _id: 2, name: null })).rejects.toMatchObject({
      keyValue: { name: null },
    });
  });

  it("an update, an upsert and findAndModify are held to it too, and change nothing", async () => {
    const rows = await bench.rows({ _id: 1, name: "x" }, { _id: 2, name: "y" });
    await rows.createIndex({ name: 1 }, { unique: true });
    const duplicate = { code: 11000, keyPattern: { name: 1 }, keyValue: { name: "x" } };
    const set = { $set: { name: "x" } };
    await expect(rows.updateOne({ _id: 2 }, set)).rejects.toMatchObject(duplicate);
    await expect(rows.updateOne({ _id: 3 }, set, { upsert: true })).rejects.toMatchObject(
      duplicate,
    );
    await expect(rows.findOneAndUpdate({ _id: 2 }, set)).rejects.toMatchObject(duplicate);
    expect(await rows.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 1, name: "x" },
      { _id: 2, name: "y" },
    ]);
  });

  it("a value is free again once its document is changed or deleted", async () => {
    const rows = await bench.rows({ _id: 1, name: "x" }, { _id: 2, name: "y" });
    await rows.createIndex({ name: 1 }, { unique: true });
    await rows.updateOne({ _id: 1 }, { $set: { name: "z" } });
    await rows.deleteOne({ _id: 2 });
    await rows.insertMany([
      { _id: 3, name: "x" },
      { _id: 4, name: "y" },
    ]);
    expect(await rows.distinct("name")).toEqual(["x", "y", "z"]);
  });

  it("an update that keeps a document's own value is no duplicate", async () => {
    const rows = await bench.rows({ _id: 1, name: "x", n: 1 });
    await rows.createIndex({ name: 1 }, { unique: true });
    const result = await rows.updateOne({ _id: 1 }, { $set: { name: "x", n: 2 } });
    expect(result.modifiedCount).toBe(1);
  });

  it("building one over duplicates fails and leaves no index behind", async () => {
    const rows = await bench.rows({ _id: 1, name: "x" }, { _id: 2, name: "x" });
    const build = rows.createIndex({ name: 1 }, { unique: true });
    await expect(build).rejects.toMatchObject({ code: 11000, keyValue: { name: "x" } });
    expect((await rows.indexes()).map((index) => index.name)).toEqual(["_id_"]);
    await rows.insertOne({ _id: 3, name: "x" });
  });

  it("an element of an array is a duplicate of another document's, not of its own", async () => {
    const rows = await bench.rows({ _id: 1, tags: ["a", "a", "b"] });
    await rows.createIndex({ tags: 1 }, { unique: true });
    await expect(rows.insertOne({ _id: 2, tags: ["c", "b"] })).rejects.toMatchObject({
      keyValue: { tags: "b" },
    });
  });

  it("numbers of different types are one value", async () => {
    const rows = await bench.rows({ _id: 5 });
    await expect(rows.insertOne({ _id: 5.0 })).rejects.toMatchObject({ code: 11000 });
  });

  it("concurrent inserts of one key: one wins", async () => {
    const rows = await bench.rows();
    await rows.createIndex({ key: 1 }, { unique: true });
    const attempts = Array.from({ length: 20 }, (_, i) => rows.insertOne({ _id: i, key: "k" }));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
  });
});

describe("sparse and partial indexes", () => {
  it("a sparse unique index lets many documents lack the field", async () => {
    const rows = await bench.rows({ _id: 1 }, { _id: 2 });
    await rows.createIndex({ key: 1 }, { unique: true, sparse: true });
    await rows.insertMany([{ _id: 3 }, { _id: 4, key: "k" }]);
    await expect(rows.insertOne({ _id: 5, key: "k" })).rejects.toMatchObject({ code: 11000 });
  });

  it("a sparse index is not asked where it would miss documents", async () => {
    const rows = await bench.rows({ _id: 1, key: 2 }, { _id: 2 }, { _id: 3, key: 1 });
    await rows.createIndex({ key: 1 }, { sparse: true });
    expect(idsOf(await rows.find().sort({ key: 1 }).toArray())).toEqual([2, 3, 1]);
    expect(await rows.countDocuments({ key: null })).toBe(1);
  });

  it("a partial unique index binds only the documents of its filter", async () => {
    const rows = await bench.rows();
    await rows.createIndex(
      { slot: 1 },
      { unique: true, partialFilterExpression: { state: "ACTIVE" } },
    );
    await rows.insertMany([
      { _id: 1, slot: 1, state: "DONE" },
      { _id: 2, slot: 1, state: "DONE" },
      { _id: 3, slot: 1, state: "ACTIVE" },
    ]);
    await expect(rows.updateOne({ _id: 1 }, { $set: { state: "ACTIVE" } })).rejects.toMatchObject({
      code: 11000,
    });
    await rows.updateOne({ _id: 3 }, { $set: { state: "DONE" } });
    expect(await rows.updateOne({ _id: 1 }, { $set: { state: "ACTIVE" } })).toMatchObject({
      modifiedCount: 1,
    });
  });

  it("a sparse index holds a null inside an array", async () => {
    const rows = await bench.rows({ _id: 1, a: [{ b: null }] }, { _id: 2 });
    await rows.createIndex({ "a.b": 1 }, { sparse: true });
    const found = rows.find({ "a.b": { $exists: true } }).sort({ "a.b": 1 });
    expect(idsOf(await found.toArray())).toEqual([1]);
  });

  it("a partial index of what exists is not asked for null, which missing fields match", async () => {
    const rows = await bench.rows({ _id: 1, a: null }, { _id: 2 });
    await rows.createIndex({ a: 1 }, { partialFilterExpression: { a: { $exists: true } } });
    expect(idsOf(await rows.find({ a: null }).toArray())).toEqual([1, 2]);
  });

  it("two conditions that different elements meet do not imply a partial filter together", async () => {
    const rows = await bench.rows({ _id: 1, a: [1, 6] });
    await rows.createIndex({ a: 1 }, { partialFilterExpression: { a: { $gt: 7 } } });
    expect(idsOf(await rows.find({ a: { $in: [1, 9], $gt: 5 } }).toArray())).toEqual([1]);
  });

  it("a command's indexes are made all or none, and dropped all or none", async () => {
    const rows = await bench.rows({ _id: 1, a: 1, b: 1 }, { _id: 2, a: 1, b: 2 });
    const made = rows.createIndexes([{ key: { b: 1 } }, { key: { a: 1 }, unique: true }]);
    await expect(made).rejects.toMatchObject({ code: 11000 });
    expect(await rows.indexes()).toHaveLength(1);
    await rows.createIndex({ b: 1 });
    const dropIndexes = { dropIndexes: rows.collectionName, index: ["b_1", "nope_1"] };
    const dropped = bench.client().db("test").command(dropIndexes);
    await expect(dropped).rejects.toMatchObject({ code: 27 });
    expect(await rows.indexes()).toHaveLength(2);
  });

  it("a partial index serves the queries that imply its filter and no others", async () => {
    const rows = await bench.rows({ _id: 1, a: 1, n: 5 }, { _id: 2, a: 1, n: 50 });
    await rows.createIndex({ a: 1 }, { partialFilterExpression: { n: { $gt: 10 } } });
    const stageOf = async (filter: Document): Promise<unknown> =>
      (await rows.find(filter).explain())["queryPlanner"].winningPlan.stage;
    expect(await stageOf({ a: 1, n: { $gt: 20 } })).toBe("FETCH");
    expect(await stageOf({ a: 1, n: 50 })).toBe("FETCH");
    expect(await stageOf({ a: 1, n: { $gt: 1 } })).toBe("COLLSCAN");
    expect(await stageOf({ a: 1 })).toBe("COLLSCAN");
    expect(idsOf(await rows.find({ a: 1 }).toArray())).toEqual([1, 2]);
  });
});

describe("index management", () => {
  it("the same index again is no change; indexes are listed as they were asked for", async () => {
    const rows = await bench.rows();
    await rows.createIndex({ a: 1, b: -1 }, { unique: true });
    await rows.createIndex({ a: 1, b: -1 }, { unique: true });
    expect(await rows.indexes()).toEqual([
      { v: 2, key: { _id: 1 }, name: "_id_" },
      { v: 2, key: { a: 1, b: -1 }, name: "a_1_b_-1", unique: true },
    ]);
  });

  it("one name for two keys is refused with 86, one key under two names with 85", async () => {
    const rows = await bench.rows();
    await rows.createIndex({ a: 1 }, { name: "one" });
    await expect(rows.createIndex({ b: 1 }, { name: "one" })).rejects.toMatchObject({ code: 86 });
    await expect(rows.createIndex({ a: 1 }, { name: "two" })).rejects.toMatchObject({ code: 85 });
  });

  it("dropping: by name, all but _id, never _id, never what is not there", async () => {
    const rows = await bench.rows();
    await rows.createIndexes([{ key: { a: 1 } }, { key: { b: 1 } }, { key: { c: 1 } }]);
    await rows.dropIndex("a_1");
    await expect(rows.dropIndex("a_1")).rejects.toMatchObject({ code: 27 });
    await expect(rows.dropIndex("_id_")).rejects.toMatchObject({ code: 72 });
    await rows.dropIndexes();
    expect((await rows.indexes()).map((index) => index.name)).toEqual(["_id_"]);
  });

  it.each([
    ["a TTL index", { key: { a: 1 }, name: "x", expireAfterSeconds: 1 }, 238],
    ["a text index", { key: { a: "text" }, name: "x" }, 238],
    ["an unknown option", { key: { a: 1 }, name: "x", foo: 1 }, 197],
    ["an empty key", { key: {}, name: "x" }, 67],
    [
      "an unfit partial filter",
      { key: { a: 1 }, name: "x", partialFilterExpression: { a: { $ne: 1 } } },
      67,
    ],
  ])("%s is refused", async (_what, spec, code) => {
    const command = bench
      .client()
      .db("test")
      .command({ createIndexes: "any", indexes: [spec] });
    await expect(command).rejects.toMatchObject({ code });
  });

  it("two arrays in one compound index are refused with code 171", async () => {
    const rows = await bench.rows();
    await rows.createIndex({ a: 1, b: 1 });
    const insert = rows.insertOne({ _id: 1, a: [1], b: [2] });
    await expect(insert).rejects.toMatchObject({ code: 171 });
    expect(await rows.countDocuments({})).toBe(0);
  });

  it("listIndexes of a collection that does not exist is refused with code 26", async () => {
    const command = bench.client().db("test").command({ listIndexes: "absent" });
    await expect(command).rejects.toMatchObject({ code: 26, codeName: "NamespaceNotFound" });
  });
});
