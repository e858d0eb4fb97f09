import type { InsertOutcome } from "../../ports/resource-store.ts";
import type { BulkUpdate, Doc, FindOptions, Query } from "../../ports/database.ts";

/** One MongoDB operation on its way to the Durable Object that keeps the connection. */
export type MongoOperation =
  | {
      readonly kind: "find";
      readonly collection: string;
      readonly filter: Query;
      readonly options: FindOptions;
      /** Reading stops after the row that reaches this; null: only the limit stops it. */
      readonly maxBytes: number | null;
    }
  | { readonly kind: "insertMany"; readonly collection: string; readonly documents: readonly Doc[] }
  | {
      readonly kind: "insertInOrder";
      readonly collection: string;
      readonly documents: readonly Doc[];
    }
  | {
      readonly kind: "update";
      readonly collection: string;
      readonly filter: Query;
      readonly update: Query;
      readonly many: boolean;
      readonly upsert: boolean;
    }
  | {
      readonly kind: "bulkUpdate";
      readonly collection: string;
      readonly updates: readonly BulkUpdate[];
    }
  | {
      readonly kind: "findOneAndUpdate";
      readonly collection: string;
      readonly filter: Query;
      readonly update: Query;
      readonly options: Omit<FindOptions, "limit">;
    }
  | { readonly kind: "deleteMany"; readonly collection: string; readonly filter: Query }
  | {
      readonly kind: "count";
      readonly collection: string;
      readonly filter: Query;
      readonly limit: number;
    }
  | { readonly kind: "ping" };

/** The result of an operation, by its kind. */
export type MongoResult =
  /** `isCut`: there may be more, but `maxBytes` was reached. */
  | { readonly kind: "documents"; readonly documents: readonly Doc[]; readonly isCut: boolean }
  | { readonly kind: "inserts"; readonly outcomes: readonly InsertOutcome[] }
  | { readonly kind: "number"; readonly value: number }
  /** A unique index refused an update. */
  | { readonly kind: "taken"; readonly reason: string }
  /** Expected: the database can't be reached, or the object has too many operations in progress. */
  | { readonly kind: "unavailable"; readonly reason: string };
