import type { InsertOutcome } from "./resource-store.ts";

/** A stored document: a string `_id`, and values that MongoDB and structured clone both carry. */
export type Doc = { readonly _id: string };

/** A MongoDB filter, update, sort or projection document, as the manual has it. */
export type Query = Readonly<Record<string, unknown>>;

export type FindOptions = {
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  readonly limit?: number;
  readonly projection?: Readonly<Record<string, 0 | 1>>;
  /** Reads only data that a failover of the replica set can't roll back. */
  readonly readConcern?: "majority";
};

/** The result of a bounded read; `isCut`: there may be more. */
export type BoundedRead<Row> = { readonly rows: Row[]; readonly isCut: boolean };

export type BulkUpdate = {
  readonly filter: Query;
  readonly update: Query;
  readonly upsert: boolean;
};

/** An index that a deployment must have. */
export type Index = {
  readonly collection: string;
  readonly name: string;
  readonly key: Readonly<Record<string, 1 | -1>>;
  readonly unique?: true;
};

/**
 * The few MongoDB operations that the stores use; each is one command, and one round trip to the
 * Durable Object that keeps the connection. Each can be repeated after a lost response, as
 * described there. All throw `StoreUnavailableError` when MongoDB can't be reached.
 *
 * A `Float32Array` field is stored as a BSON vector (Binary, subtype 9) and comes back as one;
 * Dates stay Dates; everything else is plain JSON.
 */
export interface Database {
  findOne<Row extends Doc>(
    collection: string,
    filter: Query,
    options?: Omit<FindOptions, "limit">,
  ): Promise<Row | null>;
  find<Row extends Doc>(collection: string, filter: Query, options?: FindOptions): Promise<Row[]>;
  /**
   * The same for rows that may be large: stops after the row that reaches 8 MiB and sets `isCut`,
   * since a Durable Object's response is limited to 32 MiB.
   */
  findWithin<Row extends Doc>(
    collection: string,
    filter: Query,
    options: FindOptions & { readonly limit: number },
  ): Promise<BoundedRead<Row>>;
  /** `duplicate` with `["_id"]` also when this very insert was applied and its response lost. */
  insertOne(collection: string, document: Doc): Promise<InsertOutcome>;
  /** Unordered; one outcome per document, in order. */
  insertMany(collection: string, documents: readonly Doc[]): Promise<readonly InsertOutcome[]>;
  /**
   * Inserts in order, up to the first that a unique index refuses; returns how many. Repeated after
   * a lost response, it is refused by its own first document, so the count is too low.
   */
  insertInOrder(collection: string, documents: readonly Doc[]): Promise<number>;
  /** How many documents matched (0 or 1). The update must be safe to apply twice. */
  updateOne(
    collection: string,
    filter: Query,
    update: Query,
    options?: { upsert?: boolean },
  ): Promise<number>;
  /** How many documents matched. The update must be safe to apply twice. */
  updateMany(collection: string, filter: Query, update: Query): Promise<number>;
  /**
   * Many updates in one command, unordered; each must be safe to apply twice. Returns how many
   * documents it changed or created, less those changed before its response was lost. Throws
   * `SlotTakenError` when a unique index refuses one; the others are done nevertheless.
   */
  bulkUpdate(collection: string, updates: readonly BulkUpdate[]): Promise<number>;
  /**
   * The document after the update, or null when nothing matched. Throws `SlotTakenError` when a
   * unique index refuses the update.
   */
  findOneAndUpdate<Row extends Doc>(
    collection: string,
    filter: Query,
    update: Query,
    options?: {
      readonly projection?: Readonly<Record<string, 0 | 1>>;
      readonly sort?: Readonly<Record<string, 1 | -1>>;
    },
  ): Promise<Row | null>;
  /** How many documents were deleted. */
  deleteMany(collection: string, filter: Query): Promise<number>;
  count(collection: string, filter: Query, limit?: number): Promise<number>;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
}
