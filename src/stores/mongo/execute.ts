import {
  type AnyBulkWriteOperation,
  BSON,
  type Collection,
  type Db,
  type FindCursor,
  MongoBulkWriteError,
  MongoServerError,
} from "mongodb";
import type { InsertOutcome } from "../../ports/resource-store.ts";
import type { Doc } from "../../ports/database.ts";
import type { MongoOperation, MongoResult } from "./operation.ts";
import { fromStored, toStored } from "./vectors.ts";

/** MongoDB's error code for a write that a unique index refused. */
const DUPLICATE_KEY = 11000;

/**
 * Carries out one operation as one command. Throws what the driver throws. A write is over after
 * `timeoutMs`, including the driver's own retries; the server gets the limit too (`maxTimeMS`).
 */
export async function execute(
  db: Db,
  operation: MongoOperation,
  timeoutMs: number,
): Promise<MongoResult> {
  try {
    return await carryOut(db, operation, timeoutMs);
  } catch (error) {
    throw unwrapped(error);
  }
}

/**
 * What ended a bulk write. The driver also wraps a broken connection in the server's error class,
 * without write errors.
 */
function unwrapped(error: unknown): unknown {
  if (!(error instanceof MongoBulkWriteError)) return error;
  const cause: unknown = error.errorResponse;
  return cause instanceof Error ? cause : error;
}

async function carryOut(
  db: Db,
  operation: MongoOperation,
  timeoutMs: number,
): Promise<MongoResult> {
  if (operation.kind === "ping") {
    await db.command({ ping: 1 });
    return { kind: "number", value: 1 };
  }
  const collection = db.collection<Doc>(operation.collection);
  switch (operation.kind) {
    case "find": {
      const { limit, ...options } = operation.options;
      const cursor = collection.find(operation.filter, {
        ...options,
        // A batch as large as the result: one command, unless it exceeds MongoDB's 16 MB.
        ...(limit === undefined ? {} : { limit, batchSize: limit }),
      });
      if (operation.maxBytes === null) return documents(await cursor.toArray());
      return readWithin(cursor, operation.maxBytes);
    }
    case "insertMany":
      return {
        kind: "inserts",
        outcomes: await insertMany(collection, operation.documents, timeoutMs),
      };
    case "insertInOrder":
      return {
        kind: "number",
        value: await insertInOrder(collection, operation.documents, timeoutMs),
      };
    case "update": {
      const { filter, update, upsert } = operation;
      const result = operation.many
        ? await collection.updateMany(filter, update, { upsert, timeoutMS: timeoutMs })
        : await collection.updateOne(filter, update, { upsert, timeoutMS: timeoutMs });
      return { kind: "number", value: result.matchedCount + result.upsertedCount };
    }
    case "bulkUpdate": {
      const updates: AnyBulkWriteOperation<Doc>[] = operation.updates.map((one) => ({
        updateOne: { filter: one.filter, update: storedUpdate(one.update), upsert: one.upsert },
      }));
      try {
        const result = await collection.bulkWrite(updates, {
          ordered: false,
          timeoutMS: timeoutMs,
        });
        return { kind: "number", value: result.modifiedCount + result.upsertedCount };
      } catch (error) {
        if (!isRefusedByIndex(error)) throw error;
        return { kind: "taken", reason: error.message };
      }
    }
    case "findOneAndUpdate": {
      const { filter, update, options } = operation;
      try {
        const found = await collection.findOneAndUpdate(filter, update, {
          ...options,
          returnDocument: "after",
        });
        return documents(found === null ? [] : [found]);
      } catch (error) {
        if (!(error instanceof MongoServerError) || error.code !== DUPLICATE_KEY) throw error;
        return { kind: "taken", reason: error.message };
      }
    }
    case "deleteMany": {
      const result = await collection.deleteMany(operation.filter, { timeoutMS: timeoutMs });
      return { kind: "number", value: result.deletedCount };
    }
    case "count": {
      const { filter, limit } = operation;
      // MongoDB refuses a limit of 0, which here means none.
      const value = await collection.countDocuments(filter, limit > 0 ? { limit } : {});
      return { kind: "number", value };
    }
  }
}

/** Whether rows were refused, all of them by a unique index. */
function isRefusedByIndex(error: unknown): error is MongoBulkWriteError {
  if (!(error instanceof MongoBulkWriteError)) return false;
  const failures = [error.writeErrors].flat();
  return failures.length > 0 && failures.every((failure) => failure.code === DUPLICATE_KEY);
}

function documents(found: readonly Doc[], isCut = false): MongoResult {
  return { kind: "documents", documents: found.map((document) => fromStored(document)), isCut };
}

/** Reads rows until they reach that many bytes of BSON; leaving the loop closes the cursor. */
async function readWithin(cursor: FindCursor<Doc>, maxBytes: number): Promise<MongoResult> {
  const found: Doc[] = [];
  let bytes = 0;
  for await (const row of cursor) {
    found.push(row);
    bytes += BSON.calculateObjectSize(row);
    if (bytes >= maxBytes) return documents(found, true);
  }
  return documents(found);
}

/** An update document whose `$set` may hold vectors. */
function storedUpdate(update: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const set = update["$set"];
  return typeof set === "object" && set !== null
    ? { ...update, $set: toStored(set) }
    : { ...update };
}

async function insertMany(
  collection: Collection<Doc>,
  rows: readonly Doc[],
  timeoutMs: number,
): Promise<readonly InsertOutcome[]> {
  const outcomes: InsertOutcome[] = rows.map(() => ({ kind: "inserted" }));
  try {
    await collection.insertMany(
      rows.map((row) => toStored(row)),
      { ordered: false, timeoutMS: timeoutMs },
    );
  } catch (error) {
    const failures = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
    // None: the server didn't refuse single rows, so the state of each is unknown.
    if (failures.length === 0) throw error;
    for (const failure of failures) {
      if (failure.code !== DUPLICATE_KEY) throw error;
      outcomes[failure.index] = {
        kind: "duplicate",
        fields: indexFields(failure.err, failure.errmsg),
      };
    }
  }
  return outcomes;
}

async function insertInOrder(
  collection: Collection<Doc>,
  rows: readonly Doc[],
  timeoutMs: number,
): Promise<number> {
  const stored = rows.map((row) => toStored(row));
  try {
    return (await collection.insertMany(stored, { ordered: true, timeoutMS: timeoutMs }))
      .insertedCount;
  } catch (error) {
    if (!isRefusedByIndex(error)) throw error;
    return Math.min(...[error.writeErrors].flat().map((failure) => failure.index));
  }
}

/** The fields of the index that refused: from `keyPattern`, or from the message where a server sends none. */
function indexFields(raw: unknown, message: string | undefined): readonly string[] {
  if (typeof raw === "object" && raw !== null && "keyPattern" in raw) {
    const pattern = raw.keyPattern;
    if (typeof pattern === "object" && pattern !== null) return Object.keys(pattern);
  }
  const dupKey = /dup key: \{ (.*) \}/.exec(message ?? "")?.[1] ?? "_id:";
  return [...dupKey.matchAll(/(\w+):/g)].map((match) => match[1] ?? "");
}
