import { SlotTakenError, StoreUnavailableError } from "../../ports/errors.ts";
import type { BoundedRead, Doc, Database } from "../../ports/database.ts";
import type { MongoOperation, MongoResult } from "./operation.ts";

/** What {@link Database.findWithin} reads at the most, a quarter of what one call may answer. */
const MAX_READ_BYTES = 8 * 1024 * 1024;

/** The Durable Objects that keep the connections, as far as the gateway needs them. */
export type MongoPoolNamespace<Id = unknown> = {
  idFromName(name: string): Id;
  get(id: Id): MongoPoolStub;
};

type MongoPoolStub = { run(operation: MongoOperation): Promise<MongoResult> };

/**
 * The gateway over the Durable Objects that keep the connections. One object, chosen at random to
 * spread the load, serves all of a request.
 */
export function createMongoGateway(
  pool: MongoPoolNamespace,
  poolSize: number,
  random: () => number,
): Database {
  let stub: MongoPoolStub | null = null;

  async function run(
    operation: MongoOperation,
  ): Promise<Exclude<MongoResult, { kind: "unavailable" | "taken" }>> {
    stub ??= pool.get(pool.idFromName(`pool-${Math.floor(random() * poolSize)}`));
    let result: MongoResult;
    try {
      result = await stub.run(operation);
    } catch (error) {
      // A stub stays broken once its object was reset.
      stub = null;
      if (isObjectFault(error)) throw new StoreUnavailableError("mongodb", error);
      throw error;
    }
    if (result.kind === "taken") throw new SlotTakenError(result.reason);
    if (result.kind === "unavailable") throw new StoreUnavailableError("mongodb", result.reason);
    return result;
  }

  async function read<Row extends Doc>(operation: MongoOperation): Promise<BoundedRead<Row>> {
    const result = await run(operation);
    if (result.kind !== "documents") {
      throw new TypeError(`${operation.kind} answered ${result.kind}`);
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a collection holds is what its store wrote there
    return { rows: result.documents as Row[], isCut: result.isCut };
  }

  async function documents<Row extends Doc>(operation: MongoOperation): Promise<Row[]> {
    return (await read<Row>(operation)).rows;
  }

  async function number(operation: MongoOperation): Promise<number> {
    const result = await run(operation);
    if (result.kind !== "number") throw new TypeError(`${operation.kind} answered ${result.kind}`);
    return result.value;
  }

  async function inserts(collection: string, rows: readonly Doc[]) {
    const result = await run({ kind: "insertMany", collection, documents: rows });
    if (result.kind !== "inserts") throw new TypeError(`insertMany answered ${result.kind}`);
    return result.outcomes;
  }

  return {
    findOne: async <Row extends Doc>(
      collection: string,
      filter: Readonly<Record<string, unknown>>,
      options = {},
    ) => {
      const found = await documents<Row>({
        kind: "find",
        collection,
        filter,
        options: { ...options, limit: 1 },
        maxBytes: null,
      });
      return found[0] ?? null;
    },
    find: (collection, filter, options = {}) =>
      documents({ kind: "find", collection, filter, options, maxBytes: null }),
    findWithin: (collection, filter, options) =>
      read({ kind: "find", collection, filter, options, maxBytes: MAX_READ_BYTES }),
    insertOne: async (collection, document) => {
      const [outcome] = await inserts(collection, [document]);
      if (outcome === undefined) throw new TypeError("insertMany of one answered none");
      return outcome;
    },
    insertMany: (collection, rows) =>
      rows.length === 0 ? Promise.resolve([]) : inserts(collection, rows),
    insertInOrder: (collection, rows) =>
      rows.length === 0
        ? Promise.resolve(0)
        : number({ kind: "insertInOrder", collection, documents: rows }),
    updateOne: (collection, filter, update, options) =>
      number({
        kind: "update",
        collection,
        filter,
        update,
        many: false,
        upsert: options?.upsert ?? false,
      }),
    updateMany: (collection, filter, update) =>
      number({ kind: "update", collection, filter, update, many: true, upsert: false }),
    bulkUpdate: (collection, updates) =>
      updates.length === 0
        ? Promise.resolve(0)
        : number({ kind: "bulkUpdate", collection, updates }),
    findOneAndUpdate: async <Row extends Doc>(
      collection: string,
      filter: Readonly<Record<string, unknown>>,
      update: Readonly<Record<string, unknown>>,
      options = {},
    ) => {
      const found = await documents<Row>({
        kind: "findOneAndUpdate",
        collection,
        filter,
        update,
        options,
      });
      return found[0] ?? null;
    },
    deleteMany: (collection, filter) => number({ kind: "deleteMany", collection, filter }),
    count: (collection, filter, limit = 0) => number({ kind: "count", collection, filter, limit }),
    ping: async () => {
      await run({ kind: "ping" });
    },
  };
}

/** Whether the runtime says that the object, not the operation, is at fault (Durable Objects, "Error handling"). */
function isObjectFault(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    ("retryable" in error || "overloaded" in error || "durableObjectReset" in error)
  );
}
