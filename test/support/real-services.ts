import { randomBytes } from "node:crypto";
import { MongoClient } from "mongodb";
import { TestRunner } from "vitest";
import type { MongoServer } from "../../local/mongo/server.ts";
import type { Stack, StackOptions } from "../../local/stack.ts";

/** The database that wrangler.toml names. */
const DATABASE = "waybill";

/**
 * The real services that a run is told to use, by `npm run test:real` alone: whoever has
 * `MONGODB_URI` set for another reason must not find test data there. Each world gets a database of
 * its own on a real MongoDB; on a real Redis no two worlds have an id, and so a key, in common.
 */
export function realServices(): { readonly options: StackOptions; readonly database: string } {
  const { TEST_REAL, REDIS_URL = "", MONGODB_URI = "" } = process.env;
  if (TEST_REAL !== "true") return { options: {}, database: DATABASE };
  return {
    options: {
      ...(REDIS_URL !== "" && { redisUrl: REDIS_URL }),
      ...(MONGODB_URI !== "" && { mongodbUri: MONGODB_URI }),
    },
    database: MONGODB_URI === "" ? DATABASE : `${DATABASE}_test_${randomBytes(6).toString("hex")}`,
  };
}

/** Skips the test that runs, with the reason. */
export function skipOnRealMongo(): MongoServer {
  const reason = "needs the faults or counts of MongoDB's stand-in";
  TestRunner.getCurrentTest()?.context.skip(reason);
  throw new Error(`outside of a test nothing can be skipped: it ${reason}`);
}

export async function dropRealDatabase(stack: Stack, database: string): Promise<void> {
  const client = await MongoClient.connect(stack.vars["MONGODB_URI"] ?? "");
  try {
    await client.db(database).dropDatabase();
  } finally {
    await client.close();
  }
}
