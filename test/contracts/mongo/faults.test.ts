import { MongoClient, MongoNetworkError } from "mongodb";
import { afterEach, describe, expect, it } from "vitest";
import type { FaultRule } from "../../../local/faults.ts";
import { useServer } from "./harness.ts";

const bench = useServer();

afterEach(() => bench.server().faults.clear());

const isInsert: FaultRule["match"] = (operation) => operation.name === "insert";

describe("faults", () => {
  it("cut before: the caller sees its connection break and nothing is written", async () => {
    const rows = await bench.rows();
    bench
      .server()
      .faults.add({ phase: "before", match: isInsert, action: { kind: "cut" }, times: 1 });
    await expect(rows.insertOne({ _id: 1 })).rejects.toBeInstanceOf(MongoNetworkError);
    expect(await rows.countDocuments({})).toBe(0);
  });

  it("cut after: the caller sees its connection break and the write is there", async () => {
    const rows = await bench.rows();
    bench
      .server()
      .faults.add({ phase: "after", match: isInsert, action: { kind: "cut" }, times: 1 });
    await expect(rows.insertOne({ _id: 1 })).rejects.toBeInstanceOf(MongoNetworkError);
    expect(await rows.countDocuments({})).toBe(1);
  });

  it("a cut connection is replaced by the driver's next one", async () => {
    const rows = await bench.rows({ _id: 1 });
    bench
      .server()
      .faults.add({ phase: "before", match: isInsert, action: { kind: "cut" }, times: 1 });
    await expect(rows.insertOne({ _id: 2 })).rejects.toBeInstanceOf(MongoNetworkError);
    await rows.insertOne({ _id: 2 });
    expect(await rows.countDocuments({})).toBe(2);
  });

  it("refuse before: code 91 and nothing is written", async () => {
    const rows = await bench.rows();
    bench
      .server()
      .faults.add({ phase: "before", match: isInsert, action: { kind: "refuse" }, times: 1 });
    await expect(rows.insertOne({ _id: 1 })).rejects.toMatchObject({
      code: 91,
      codeName: "ShutdownInProgress",
    });
    expect(await rows.countDocuments({})).toBe(0);
  });

  it("refuse after: code 91 although the write is there", async () => {
    const rows = await bench.rows();
    bench
      .server()
      .faults.add({ phase: "after", match: isInsert, action: { kind: "refuse" }, times: 1 });
    await expect(rows.insertOne({ _id: 1 })).rejects.toMatchObject({ code: 91 });
    expect(await rows.countDocuments({})).toBe(1);
  });

  it("a delayed write lets later operations of other connections overtake it", async () => {
    const rows = await bench.rows();
    const order: string[] = [];
    bench.server().faults.add({
      phase: "before",
      match: isInsert,
      action: { kind: "delay", ms: 500 },
      times: 1,
    });
    const slow = rows.insertOne({ _id: 1 }).then(() => order.push("insert"));
    const fast = rows
      .updateOne({ _id: 1 }, { $set: { a: 1 } })
      .then((result) => order.push(`update of ${result.matchedCount}`));
    await Promise.all([slow, fast]);
    expect(order).toEqual(["update of 0", "insert"]);
    expect(await rows.findOne()).toEqual({ _id: 1 });
  });

  it("a held write is applied when it is let go", async () => {
    const rows = await bench.rows();
    const door = new AbortController();
    const until = new Promise<void>((resolve) => {
      door.signal.addEventListener("abort", () => resolve());
    });
    const came: string[] = [];
    bench.server().faults.add({
      phase: "before",
      match: isInsert,
      action: { kind: "hold", until },
      onAct: ({ name }) => came.push(name),
      times: 1,
    });
    const held = rows.insertOne({ _id: 1 });
    await expect.poll(() => came).toEqual(["insert"]);
    expect(await rows.countDocuments({})).toBe(0);
    door.abort();
    await held;
    expect(await rows.countDocuments({})).toBe(1);
  });

  it("a rule can pass over the first writes and name one collection", async () => {
    const rows = await bench.rows();
    bench.server().faults.add({
      phase: "before",
      match: (operation) => operation.isWrite && operation.target === rows.collectionName,
      action: { kind: "refuse" },
      skip: 2,
      times: 1,
    });
    await rows.insertOne({ _id: 1 });
    await rows.updateOne({ _id: 1 }, { $set: { a: 1 } });
    await expect(rows.deleteOne({ _id: 1 })).rejects.toMatchObject({ code: 91 });
    await rows.deleteOne({ _id: 1 });
    expect(await rows.countDocuments({})).toBe(0);
  });
});

describe("the record of operations", () => {
  it("has one entry per data command, with its collection, and none for housekeeping", async () => {
    const rows = await bench.rows();
    const { operations } = bench.server();
    operations.clear();
    const client = new MongoClient(bench.server().uri);
    try {
      await client.db("admin").command({ ping: 1 });
      const same = client.db("test").collection(rows.collectionName);
      await same.insertOne({});
      await same.findOne({});
      await same.findOneAndUpdate({}, { $set: { a: 1 } });
    } finally {
      await client.close();
    }
    const target = rows.collectionName;
    expect(operations.all()).toEqual([
      { name: "insert", target, isWrite: true },
      { name: "find", target, isWrite: false },
      { name: "findAndModify", target, isWrite: true },
    ]);
  });
});
