import type { TaskStatus } from "../contract/status.ts";

/**
 * The fields of every stored resource. Times are Dates in storage and RFC 3339 strings on the wire.
 */
export type ResourceRecord = {
  readonly _id: string;
  readonly namespace_id: string;
  readonly name: string;
  readonly status: TaskStatus;
  readonly metadata: Record<string, string | number | boolean>;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** A place in a list: the sort time and id of the last row seen. */
export type Keyset = { readonly at: Date; readonly id: string };

export type PageOptions = {
  readonly direction: "ascending" | "descending";
  readonly limit: number;
  readonly after: Keyset | null;
};

export type Page<Row> = { readonly rows: readonly Row[]; readonly next: Keyset | null };

/** The filters of a resource list; an absent filter matches everything. */
export type ResourceFilter = {
  readonly names?: readonly string[] | undefined;
  readonly statuses?: readonly TaskStatus[] | undefined;
  readonly createdFrom?: Date | undefined;
  readonly createdBefore?: Date | undefined;
  readonly metadata?: Record<string, string | number | boolean> | undefined;
  /** The owner within the namespace, as a bucket for its objects; absent where there is none. */
  readonly parentId?: string | undefined;
};

/** Outcome of an insert that a unique index may refuse. */
export type InsertOutcome =
  | { readonly kind: "inserted" }
  /** A unique index refused it; `fields` are that index's fields, `["_id"]` for the id itself. */
  | { readonly kind: "duplicate"; readonly fields: readonly string[] };

/**
 * Keeps the resources of one kind. Each method is one atomic operation on one document (or one
 * read); a name is unique in its namespace by the store's index, not by a previous look-up. Every
 * method throws `StoreUnavailableError` when the store can't be reached.
 */
export interface ResourceStore<Row extends ResourceRecord> {
  insert(row: Row): Promise<InsertOutcome>;
  /** By id or by unique name, within a namespace; null when there is none. */
  find(namespaceId: string, idOrName: string): Promise<Row | null>;
  list(namespaceId: string, filter: ResourceFilter, page: PageOptions): Promise<Page<Row>>;
  /** Whether something was deleted. */
  remove(namespaceId: string, id: string): Promise<boolean>;
}
