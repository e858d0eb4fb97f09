import { Binary, BSON, Long } from "mongodb";
import { CursorTable } from "../../../../local/mongo/commands/cursor-table.ts";
import { type CommandDeps, prepareCommand } from "../../../../local/mongo/commands/table.ts";
import { Store } from "../../../../local/mongo/storage/store.ts";
import { FaultPlan, OperationLog, waitFor } from "../../../../local/faults.ts";
import type { InsertOutcome } from "../../../../src/ports/resource-store.ts";
import type { BulkUpdate, Doc, Database } from "../../../../src/ports/database.ts";
import { declaredIndexes } from "../../../../src/stores/mongo/declared-indexes.ts";
import type { MongoOperation, MongoResult } from "../../../../src/stores/mongo/operation.ts";
import { createMongoGateway } from "../../../../src/stores/mongo/rpc-gateway.ts";
import { fromStored, toStored } from "../../../../src/stores/mongo/vectors.ts";

const DATABASE = "waybill";
const DUPLICATE_KEY = 11000;

/** As often as `src/stores/mongo/pool-object.ts` tries when a connection breaks. */
const TRIES = 3;

type Answer = Readonly<Record<string, unknown>>;

/** The connection broke before the answer came. */
class ConnectionLost extends Error {}

/** The command engine of `local/mongo` without sockets, behind the interface of the pool's object. */
export type VirtualMongo = {
  readonly faults: FaultPlan;
  readonly operations: OperationLog;
  /** What a worker's operation comes to. */
  run(operation: MongoOperation): Promise<MongoResult>;
  /** For tests: no faults, and nothing is recorded. */
  readonly database: Database;
};

/** An empty database with the worker's indexes. */
export function createVirtualMongo(now: () => Date): VirtualMongo {
  const faults = new FaultPlan();
  const operations = new OperationLog();
  const deps: CommandDeps = {
    store: new Store(null),
    cursors: new CursorTable(),
    examined: { documents: 0, keys: 0 },
    now,
    connectionId: 1,
  };

  /** One command, as it is, or as the faults in force will have it. */
  async function send(command: Answer, isObserved: boolean): Promise<Answer> {
    const body = Buffer.from(
      BSON.serialize({ ...command, $db: DATABASE }, { ignoreUndefined: true }),
    );
    const request = {
      requestId: 0,
      kind: "msg",
      body,
      sequences: new Map(),
      wantsReply: true,
    } as const;
    const { operation, run: perform } = prepareCommand({ ...request, database: null }, deps);
    const read = () => BSON.deserialize(perform(), { promoteBuffers: false });
    if (operation === null || !isObserved) return checked(read());
    operations.record(operation);
    const suffer = async (phase: "before" | "after"): Promise<void> => {
      const action = faults.decide(phase, operation);
      if (action === null) return;
      if (action.kind !== "delay" && action.kind !== "hold") throw new ConnectionLost(phase);
      await waitFor(action);
    };
    await suffer("before");
    const answer = read();
    await suffer("after");
    return checked(answer);
  }

  async function run(operation: MongoOperation): Promise<MongoResult> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await carryOut(operation, (command) => send(command, true));
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        if (attempt >= TRIES) return { kind: "unavailable", reason: String(error) };
      }
    }
  }

  const unobserved = {
    run: (operation: MongoOperation) => carryOut(operation, (command) => send(command, false)),
  };
  const wanted = declaredIndexes();
  for (const collection of new Set(wanted.map((index) => index.collection))) {
    const indexes = wanted
      .filter((index) => index.collection === collection)
      .map((index) =>
        Object.fromEntries(
          Object.entries({ name: index.name, key: index.key, unique: index.unique }).filter(
            ([, value]) => value !== undefined,
          ),
        ),
      );
    void send({ createIndexes: collection, indexes }, false);
  }
  return {
    faults,
    operations,
    run,
    database: createMongoGateway({ idFromName: () => null, get: () => unobserved }, 1, () => 0),
  };
}

type Send = (command: Answer) => Promise<Answer>;

/** The commands that the driver makes of what `src/stores/mongo/execute.ts` asks of it. */
async function carryOut(operation: MongoOperation, send: Send): Promise<MongoResult> {
  switch (operation.kind) {
    case "ping":
      await send({ ping: 1 });
      return number(1);
    case "find":
      return find(operation, send);
    case "insertMany":
      return { kind: "inserts", outcomes: await insertMany(operation, send) };
    case "insertInOrder": {
      const { collection, documents } = operation;
      const answer = await send(insertCommand(collection, documents, true));
      const [refused] = refusals(answer);
      return number(refused === undefined ? documents.length : refused.index);
    }
    case "update": {
      const { collection, filter, update, many, upsert } = operation;
      const updates = [{ q: filter, u: update, multi: many, upsert }];
      const answer = await send({ update: collection, updates, ordered: true });
      if (refusals(answer).length > 0) throw new Error(`update refused: ${JSON.stringify(answer)}`);
      return number(Number(answer["n"]));
    }
    case "bulkUpdate":
      return bulkUpdate(operation.collection, operation.updates, send);
    case "findOneAndUpdate": {
      const { collection, filter, update, options } = operation;
      const { sort, projection } = options;
      const answer = await send({
        findAndModify: collection,
        query: filter,
        update,
        new: true,
        ...(sort !== undefined && { sort }),
        ...(projection !== undefined && { fields: projection }),
      });
      if (answer["code"] === DUPLICATE_KEY) {
        return { kind: "taken", reason: String(answer["errmsg"]) };
      }
      const value = answer["value"];
      return found(isDoc(value) ? [value] : []);
    }
    case "deleteMany": {
      const deletes = [{ q: operation.filter, limit: 0 }];
      return number(Number((await send({ delete: operation.collection, deletes }))["n"]));
    }
    case "count": {
      const { collection, filter, limit } = operation;
      const pipeline = [
        { $match: filter },
        ...(limit > 0 ? [{ $limit: limit }] : []),
        { $group: { _id: 1, n: { $sum: 1 } } },
      ];
      const answer = await send({ aggregate: collection, pipeline, cursor: {} });
      const [group] = batchOf(answer);
      return number(group !== undefined && "n" in group ? Number(group.n) : 0);
    }
  }
}

async function find(
  { collection, filter, options, maxBytes }: Extract<MongoOperation, { kind: "find" }>,
  send: Send,
): Promise<MongoResult> {
  const { limit, sort, projection, readConcern } = options;
  const answer = await send({
    find: collection,
    filter,
    ...(limit !== undefined && { limit, batchSize: limit }),
    ...(sort !== undefined && { sort }),
    ...(projection !== undefined && { projection }),
    ...(readConcern !== undefined && { readConcern: { level: readConcern } }),
  });
  const rows = batchOf(answer);
  let cursor = cursorOf(answer);
  while (!cursor.isZero()) {
    const more = await send({ getMore: cursor, collection });
    rows.push(...batchOf(more));
    cursor = cursorOf(more);
  }
  if (maxBytes === null) return found(rows);
  let bytes = 0;
  const last = rows.findIndex((row) => (bytes += BSON.calculateObjectSize(row)) >= maxBytes);
  return last < 0 ? found(rows) : found(rows.slice(0, last + 1), true);
}

async function insertMany(
  { collection, documents: rows }: Extract<MongoOperation, { kind: "insertMany" }>,
  send: Send,
): Promise<readonly InsertOutcome[]> {
  const outcomes: InsertOutcome[] = rows.map(() => ({ kind: "inserted" }));
  for (const { index, keyPattern } of refusals(
    await send(insertCommand(collection, rows, false)),
  )) {
    outcomes[index] = { kind: "duplicate", fields: Object.keys(keyPattern) };
  }
  return outcomes;
}

function insertCommand(insert: string, rows: readonly Doc[], ordered: boolean) {
  return { insert, documents: rows.map((row) => toStored(row)), ordered };
}

async function bulkUpdate(
  collection: string,
  bulk: readonly BulkUpdate[],
  send: Send,
): Promise<MongoResult> {
  const updates = bulk.map(({ filter, update, upsert }) => {
    const set = update["$set"];
    const stored = typeof set === "object" && set !== null ? { $set: toStored(set) } : {};
    return { q: filter, u: { ...update, ...stored }, multi: false, upsert };
  });
  const answer = await send({ update: collection, updates, ordered: false });
  const [refused] = refusals(answer);
  if (refused !== undefined) return { kind: "taken", reason: refused.errmsg };
  const upserted = answer["upserted"];
  const made = Array.isArray(upserted) ? upserted.length : 0;
  return number(Number(answer["nModified"]) + made);
}

type Refusal = {
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
  readonly keyPattern: object;
};

/** The rows that a unique index refused. Throws when anything else refused one. */
function refusals(answer: Answer): readonly Refusal[] {
  const errors = answer["writeErrors"];
  if (!Array.isArray(errors)) return [];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape of a write error
  const failures = errors as readonly Refusal[];
  for (const failure of failures) {
    if (failure.code !== DUPLICATE_KEY) throw new Error(`refused: ${failure.errmsg}`);
  }
  return failures;
}

/** Throws for what the server refused as a whole, a unique index apart. */
function checked(answer: Answer): Answer {
  if (answer["ok"] === 1 || answer["code"] === DUPLICATE_KEY) return answer;
  throw new Error(`MongoDB answered ${JSON.stringify(answer)}`);
}

function cursorPart(answer: Answer): object {
  const { cursor } = answer;
  if (typeof cursor !== "object" || cursor === null) throw new TypeError("there is no cursor");
  return cursor;
}

function batchOf(answer: Answer): Doc[] {
  const cursor = cursorPart(answer);
  const batch: unknown = Reflect.get(cursor, "firstBatch") ?? Reflect.get(cursor, "nextBatch");
  return Array.isArray(batch) ? batch.filter((row) => isDoc(row)) : [];
}

function cursorOf(answer: Answer): Long {
  const id: unknown = Reflect.get(cursorPart(answer), "id");
  return id instanceof Long ? id : Long.fromNumber(Number(id));
}

function isDoc(value: unknown): value is Doc {
  return typeof value === "object" && value !== null && !(value instanceof Binary);
}

const number = (value: number): MongoResult => ({ kind: "number", value });

function found(rows: readonly Doc[], isCut = false): MongoResult {
  return { kind: "documents", documents: rows.map((row) => fromStored(row)), isCut };
}
