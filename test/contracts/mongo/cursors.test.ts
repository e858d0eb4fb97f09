import { Long } from "mongodb";
import { describe, expect, it } from "vitest";
import { idsOf, useServer } from "./harness.ts";

const bench = useServer();

const manyRows = () =>
  bench.rows(...Array.from({ length: 1_050 }, (_, i) => ({ _id: i, half: i % 2 })));

const namesOf = () =>
  bench
    .server()
    .operations.all()
    .map((operation) => operation.name);

describe("cursors", () => {
  it("more than a thousand documents come in batches, each once and in order", async () => {
    const rows = await manyRows();
    bench.server().operations.clear();
    const found = await rows.find().sort({ _id: 1 }).batchSize(100).toArray();
    expect(idsOf(found)).toEqual(Array.from({ length: 1_050 }, (_, i) => i));
    expect(namesOf()).toEqual(["find", ...Array.from({ length: 10 }, () => "getMore")]);
  });

  it("without a batch size the first batch has 101 documents", async () => {
    const rows = await manyRows();
    const reply = await bench.client().db("test").command({ find: rows.collectionName });
    expect(reply["cursor"].firstBatch).toHaveLength(101);
    expect(reply["cursor"].id).not.toEqual(0);
  });

  it("a batch size of zero opens a cursor and sends nothing yet", async () => {
    const rows = await bench.rows({ _id: 1 });
    const db = bench.client().db("test");
    const reply = await db.command({ find: rows.collectionName, batchSize: 0 });
    expect(reply["cursor"].firstBatch).toEqual([]);
    const more = await db.command({
      getMore: Long.fromValue(reply["cursor"].id),
      collection: rows.collectionName,
    });
    expect(more["cursor"]).toMatchObject({ nextBatch: [{ _id: 1 }], id: 0 });
  });

  it("a limit that the first batch meets leaves no cursor open", async () => {
    const rows = await manyRows();
    const reply = await bench.client().db("test").command({ find: rows.collectionName, limit: 5 });
    expect(reply["cursor"]).toMatchObject({ id: 0 });
    expect(reply["cursor"].firstBatch).toHaveLength(5);
  });

  it("singleBatch leaves no cursor open though more would match", async () => {
    const rows = await manyRows();
    const command = { find: rows.collectionName, batchSize: 5, singleBatch: true };
    expect((await bench.client().db("test").command(command))["cursor"]).toMatchObject({ id: 0 });
  });

  it("a cursor gives the documents as they were when it was opened", async () => {
    const rows = await manyRows();
    const cursor = rows.find().sort({ _id: 1 }).batchSize(10);
    await cursor.next();
    await rows.deleteMany({ _id: { $gt: 500 } });
    expect(await cursor.toArray()).toHaveLength(1_049);
  });

  it("a killed cursor is gone: getMore is refused with code 43", async () => {
    const rows = await manyRows();
    const db = bench.client().db("test");
    const { cursor } = await db.command({ find: rows.collectionName, batchSize: 2 });
    const id = Long.fromValue(cursor.id);
    const kill = { killCursors: rows.collectionName, cursors: [id] };
    expect((await db.command(kill))["cursorsKilled"]).toHaveLength(1);
    const more = db.command({ getMore: id, collection: rows.collectionName });
    await expect(more).rejects.toMatchObject({ code: 43, codeName: "CursorNotFound" });
    expect((await db.command(kill))["cursorsNotFound"]).toHaveLength(1);
  });

  it("a cursor that the driver closes early is killed", async () => {
    const rows = await manyRows();
    const cursor = rows.find().batchSize(2);
    await cursor.next();
    const id = cursor.id;
    await cursor.close();
    const more = bench
      .client()
      .db("test")
      .command({ getMore: id, collection: rows.collectionName });
    await expect(more).rejects.toMatchObject({ code: 43 });
  });

  it("a cursor of another collection is refused", async () => {
    const rows = await manyRows();
    const db = bench.client().db("test");
    const { cursor } = await db.command({ find: rows.collectionName, batchSize: 2 });
    const more = db.command({ getMore: Long.fromValue(cursor.id), collection: "other" });
    await expect(more).rejects.toMatchObject({ code: 13 });
  });

  it("batches end at 16 MiB", async () => {
    const text = "x".repeat(6 * 1024 * 1024);
    const rows = await bench.rows(...[1, 2, 3, 4].map((_id) => ({ _id, text })));
    bench.server().operations.clear();
    expect(idsOf(await rows.find().sort({ _id: 1 }).toArray())).toEqual([1, 2, 3, 4]);
    expect(namesOf()).toEqual(["find", "getMore"]);
  });

  it("an aggregation is read through a cursor too", async () => {
    const rows = await manyRows();
    const pipeline = [
      { $match: { half: 1 } },
      { $project: { double: { $multiply: ["$_id", 2] } } },
    ];
    const found = await rows.aggregate(pipeline, { batchSize: 50 }).toArray();
    expect(found).toHaveLength(525);
    expect(found[1]).toEqual({ _id: 3, double: 6 });
  });

  it("a negative limit is refused", async () => {
    const command = bench.client().db("test").command({ find: "any", limit: -1 });
    await expect(command).rejects.toMatchObject({ code: 51024 });
  });
});
