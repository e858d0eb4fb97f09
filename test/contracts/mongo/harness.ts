/** A server and the official driver per test file, and a fresh collection per test. */
import { MongoClient, MongoServerError } from "mongodb";
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
  /** The reply to a command that must fail, as the driver hands it on. */
  readonly failureOf: (command: Document, database?: string) => Promise<Document>;
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
    failureOf: async (command, database = "test") => {
      const outcome: unknown = await need(client)
        .db(database)
        .command(command)
        .catch((error: unknown) => error);
      if (outcome instanceof MongoServerError) return outcome.errorResponse;
      throw new Error(`The command should have failed: ${JSON.stringify(outcome)}`);
    },
  };
}

/** An error by its code, the name of its code, and its words. */
export type Refusal = readonly [code: number, codeName: string, message: string];

/** One whose code has no name of its own. */
export const located = (code: number, message: string): Refusal => [
  code,
  `Location${code}`,
  message,
];

/** The reply that tells of it. */
export const refusal = ([code, codeName, errmsg]: Refusal): Document => ({
  ok: 0,
  code,
  codeName,
  errmsg,
});

export const idsOf = (documents: readonly Document[]): unknown[] =>
  documents.map((document): unknown => document["_id"]);
