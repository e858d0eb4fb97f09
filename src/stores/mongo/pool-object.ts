import { DurableObject } from "cloudflare:workers";
import { type Db, MongoClient, MongoServerError, MongoServerSelectionError } from "mongodb";
import { parseConfig } from "../../config.ts";
import { OPERATION_TIMEOUT_MS } from "../../ports/operation-time.ts";
import { declaredIndexes } from "./declared-indexes.ts";
import { execute } from "./execute.ts";
import { ensureIndexes } from "./ensure-indexes.ts";
import type { MongoOperation, MongoResult } from "./operation.ts";

/** Connections that one object keeps. */
const CONNECTIONS = 10;
/** How long connecting and choosing a server may take, in milliseconds. */
const TIMEOUT_MS = 2000;
/** A live client keeps the object in memory and billed, so it is closed when idle. */
const IDLE_MS = 20_000;
/** More concurrent operations than this are refused as "unavailable": a queue would only grow. */
const MAX_IN_FLIGHT = 500;
/** A socket that drops raises an error that the driver does not always retry. */
const TRIES = 3;

/**
 * Server errors that are temporary: shutting down, or no longer the primary
 * (https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md).
 */
const TRANSIENT_CODES: ReadonlySet<number> = new Set([
  6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);

/**
 * Keeps one MongoClient for many requests. A client can't live in a plain worker, since sockets
 * belong to the request that opened them; a Durable Object's sockets outlive a request.
 * `MONGODB_POOL_SIZE` objects share the load. Each call runs one operation; there is no business
 * logic here.
 */
export class MongoPool extends DurableObject<Record<string, unknown>> {
  #connection: { client: MongoClient; ready: Promise<Db> } | null = null;
  #inFlight = 0;
  #lastUsedAt = 0;
  #isWatched = false;

  /**
   * Carries out one operation and retries it after a lost connection. Throws when no retry can
   * help.
   */
  async run(operation: MongoOperation): Promise<MongoResult> {
    if (this.#inFlight >= MAX_IN_FLIGHT) {
      return { kind: "unavailable", reason: "too many operations are under way" };
    }
    this.#inFlight += 1;
    try {
      return await this.#tryRun(operation);
    } finally {
      this.#inFlight -= 1;
      this.#lastUsedAt = Date.now();
      this.#watch(IDLE_MS);
    }
  }

  async #tryRun(operation: MongoOperation): Promise<MongoResult> {
    const begunAt = Date.now();
    for (let attempt = 1; ; attempt += 1) {
      try {
        const db = await this.#db();
        // The caller has given up, or may have lost the lease for this write.
        if (Date.now() - begunAt >= OPERATION_TIMEOUT_MS) {
          return { kind: "unavailable", reason: "the database was not reached in time" };
        }
        return await execute(db, operation, OPERATION_TIMEOUT_MS);
      } catch (error) {
        if (!isTransient(error)) throw error;
        if (attempt >= TRIES || error instanceof MongoServerSelectionError) {
          return { kind: "unavailable", reason: String(error) };
        }
      }
    }
  }

  #db(): Promise<Db> {
    this.#connection ??= this.#connect();
    return this.#connection.ready;
  }

  #connect(): { client: MongoClient; ready: Promise<Db> } {
    const { uri, database } = parseConfig(this.env).mongodb;
    const client = new MongoClient(uri, {
      maxPoolSize: CONNECTIONS,
      connectTimeoutMS: TIMEOUT_MS,
      serverSelectionTimeoutMS: TIMEOUT_MS,
      socketTimeoutMS: OPERATION_TIMEOUT_MS,
      writeConcern: { w: "majority" },
      appName: "waybill",
    });
    const ready = client.connect().then(async () => {
      const db = client.db(database);
      await ensureIndexes(db, this.ctx.storage, uri, declaredIndexes());
      return db;
    });
    const connection = { client, ready };
    ready.catch(() => {
      if (this.#connection === connection) this.#connection = null;
      void client.close(true).catch(() => {});
    });
    return connection;
  }

  /**
   * Closes the client once it is idle; one timer at a time, since one per operation is expensive.
   */
  #watch(ms: number): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    setTimeout(() => {
      this.#isWatched = false;
      const leftMs = this.#inFlight > 0 ? IDLE_MS : this.#lastUsedAt + IDLE_MS - Date.now();
      if (leftMs > 0) this.#watch(leftMs);
      else this.#close();
    }, ms);
  }

  #close(): void {
    if (this.#connection === null) return;
    const { client } = this.#connection;
    this.#connection = null;
    void client.close().catch(() => {});
  }
}

function isTransient(error: unknown): boolean {
  if (error instanceof MongoServerError) {
    return typeof error.code === "number" && TRANSIENT_CODES.has(error.code);
  }
  // Errors that don't come from the server concern the connection: sockets, pools, selection.
  return (
    error instanceof Error &&
    (error.name.startsWith("Mongo") ||
      "code" in error ||
      error.name === "PoolClearedOnNetworkError")
  );
}
