/** A server and the official driver per test file, and a fresh collection per test. */
import { MongoClient } from "mongodb";
import type { Collection, Document, ObjectId } from "mongodb";
import { afterAll, beforeAll } from "vitest";
import { startMongoServer } from "../../../local/mongo/server.ts";
import type { MongoServer } from "../../../local/mongo/server.ts";

export type Row = Document & { _id: string | number | ObjectId };

export type Bench = {
  readonly server: () => MongoServer;
  readonly client: () => MongoClient;
  /** A collection that no other test uses, holding these documents. */
  readonly rows: (...documents: Row[]) => Promise<Collection<Row>>;
};

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("The server is not up yet");
  return value;
}

export function useServer(): Bench {
  let server: MongoServer | undefined;
  let client: MongoClient | undefined;
  let lastCollection = 0;
  beforeAll(async () => {
    server = await startMongoServer();
    client = new MongoClient(server.uri, {
      writeConcern: { w: "majority" },
      readConcern: { level: "majority" },
      serverSelectionTimeoutMS: 2_000,
    });
  });
  afterAll(async () => {
    await need(client).close();
    await need(server).close();
  });
  return {
    server: () => need(server),
    client: () => need(client),
    rows: async (...documents) => {
      lastCollection += 1;
      const collection = need(client).db("test").collection<Row>(`rows_${lastCollection}`);
      if (documents.length > 0) await collection.insertMany(documents);
      return collection;
    },
  };
}

export const idsOf = (documents: readonly Document[]): unknown[] =>
  documents.map((document): unknown => document["_id"]);
