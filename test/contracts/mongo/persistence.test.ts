import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import type { Collection, Document } from "mongodb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startMongoServer } from "../../../local/mongo/server.ts";
import type { Row } from "./harness.ts";

let folder = "";
let file = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "waybill-mongo-"));
  file = join(folder, "data.bson");
});

afterEach(() => rmSync(folder, { recursive: true }));

type Rows = Collection<Row>;

/** One life of the server, from start to close. */
async function live<T>(path: string, run: (rows: Rows) => Promise<T>): Promise<T> {
  const server = await startMongoServer({ file: path });
  const client = new MongoClient(server.uri);
  try {
    return await run(client.db("test").collection("rows"));
  } finally {
    await client.close();
    await server.close();
  }
}

describe("persistence", () => {
  it("documents, changes and deletions outlive the server", async () => {
    await live(file, async (rows) => {
      await rows.insertMany([
        { _id: 1, a: new Date(5) },
        { _id: 2 },
        { _id: 3, list: [{ b: null }] },
      ]);
      await rows.updateOne({ _id: 1 }, { $push: { tags: "x" } } as Document);
      await rows.deleteOne({ _id: 2 });
    });
    const found = await live(file, (rows) => rows.find().sort({ _id: 1 }).toArray());
    expect(found).toEqual([
      { _id: 1, a: new Date(5), tags: ["x"] },
      { _id: 3, list: [{ b: null }] },
    ]);
  });

  it("indexes outlive it with their options, and hold", async () => {
    const partial = { key: { $exists: true } };
    await live(file, async (rows) => {
      await rows.createIndex({ key: 1 }, { unique: true, partialFilterExpression: partial });
      await rows.insertMany([{ _id: 1, key: "k" }, { _id: 2 }, { _id: 3 }]);
    });
    await live(file, async (rows) => {
      expect((await rows.indexes())[1]).toEqual({
        v: 2,
        key: { key: 1 },
        name: "key_1",
        unique: true,
        partialFilterExpression: partial,
      });
      await expect(rows.insertOne({ _id: 4, key: "k" })).rejects.toMatchObject({ code: 11000 });
    });
  });

  it("a dropped collection stays dropped", async () => {
    await live(file, async (rows) => {
      await rows.insertOne({ _id: 1 });
      await rows.drop();
    });
    expect(await live(file, (rows) => rows.countDocuments({}))).toBe(0);
  });

  it("what was acknowledged is in the file before the server closes", async () => {
    const copy = join(folder, "copy.bson");
    await live(file, async (rows) => {
      await rows.insertOne({ _id: 1 });
      await rows.updateOne({ _id: 1 }, { $set: { a: 1 } });
      // The file as a killed process would leave it.
      writeFileSync(copy, readFileSync(file));
    });
    expect(await live(copy, (rows) => rows.find().toArray())).toEqual([{ _id: 1, a: 1 }]);
  });

  it("an entry that was cut off in the middle is dropped, and what was before it stands", async () => {
    await live(file, (rows) => rows.insertOne({ _id: 1 }));
    appendFileSync(file, Buffer.from([200, 0, 0, 0, 2, 111]));
    expect(await live(file, (rows) => rows.find().toArray())).toEqual([{ _id: 1 }]);
  });

  it("the file does not keep the history of a document", async () => {
    await live(file, async (rows) => {
      await rows.insertOne({ _id: 1, text: "x".repeat(1_000) });
      for (let n = 0; n < 50; n += 1) await rows.updateOne({ _id: 1 }, { $set: { n } });
      expect(statSync(file).size).toBeGreaterThan(50_000);
    });
    expect(statSync(file).size).toBeLessThan(2_000);
  });
});
