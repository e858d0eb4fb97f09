import type { InsertOutcome } from "./resource-store.ts";

/** An earlier version of a type. */
export type PastVersion = {
  readonly version: number;
  readonly schema: string;
  readonly example: string | null;
  readonly description: string | null;
  /** When it came. */
  readonly since: Date;
};

/** An event type that the deployer registered; `name` is the type. */
export type EventTypeRecord = {
  readonly _id: string;
  readonly namespace_id: string;
  readonly name: string;
  /** ARCHIVED: it can no longer be published. */
  readonly status: "ACTIVE" | "ARCHIVED";
  readonly description: string | null;
  /** From 1; another schema makes the next. */
  readonly version: number;
  /** Of `data`, as JSON text: field names of a schema, such as `$ref`, may not be field names in MongoDB. */
  readonly schema: string;
  readonly example: string | null;
  /** When this version came. */
  readonly since: Date;
  readonly created_at: Date;
  /** Earlier versions, oldest first. */
  readonly past: readonly PastVersion[];
  /** Counts the changes: the condition of the next. */
  readonly revision: number;
};

/** A type as lists and publishers have it: without its earlier versions. */
export type EventTypeHead = Omit<EventTypeRecord, "past">;

/** What a change of a type may set. */
export type EventTypePatch = Partial<
  Pick<EventTypeRecord, "status" | "description" | "version" | "schema" | "example" | "since">
>;

/** The types that a pattern is looked for among. */
export type TypeScope = "active" | "all";

/** The deployer's event types. Every method throws `StoreUnavailableError`. */
export interface EventTypeStore {
  /** `duplicate` when the namespace has a type of that name: the unique index decides. */
  insert(record: EventTypeRecord): Promise<InsertOutcome>;
  find(namespaceId: string, type: string): Promise<EventTypeHead | null>;
  /** With its earlier versions, which may have some megabytes. */
  findWhole(namespaceId: string, type: string): Promise<EventTypeRecord | null>;
  /** In order of name, after `after`; at most `limit`. */
  list(
    namespaceId: string,
    filter: { readonly names: readonly string[] | undefined; readonly status: string | undefined },
    after: string | null,
    limit: number,
  ): Promise<readonly EventTypeHead[]>;
  /**
   * One conditional write, applied only while the type is in that revision, so only one of two
   * changes to the same revision succeeds. `past` is added to the earlier versions. False when it
   * was not applied, or when it was and the response was lost.
   */
  change(
    seen: Pick<EventTypeRecord, "_id" | "revision">,
    patch: EventTypePatch,
    past: PastVersion | null,
  ): Promise<boolean>;
  /**
   * Whether any type matches `orders.paid`, `orders.*` or `*`. One read of one document at most.
   */
  hasMatch(namespaceId: string, pattern: string, scope: TypeScope): Promise<boolean>;
}
