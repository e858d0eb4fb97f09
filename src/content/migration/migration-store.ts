import type { CopiedKind } from "./copied-kinds.ts";
import type { WorkRecord, WorkStore } from "../../ports/work-store.ts";

/** A copy of a namespace into a new one, planned, under way or done. Its `name` is the target's. */
export type MigrationRecord = WorkRecord & {
  /** How many rows of each kind the target was verified to have; null before. */
  readonly copied: Readonly<Record<string, number>> | null;
};

export type MigrationStore = WorkStore<MigrationRecord>;

/** A row of any kind, as it is stored; JSON content of objects is its text here. */
export type CopiedRow = { readonly _id: string; readonly [field: string]: unknown };

/** What the scan for late writes reads of a row; not every kind has an `updated_at`. */
export type RowOutline = { readonly _id: string; readonly updated_at?: Date };

/** Rows in order of id. `isLast`: there are no more of them. */
export type RowPage = { readonly rows: readonly CopiedRow[]; readonly isLast: boolean };

/** The rows of namespaces, as a migration sees them. Every method throws `StoreUnavailableError`. */
export interface CopyStore {
  count(kind: CopiedKind, namespaceId: string): Promise<number>;
  /** In order of id after one; a page stops at 8 MiB. */
  page(
    kind: CopiedKind,
    namespaceId: string,
    afterId: string | null,
    limit: number,
  ): Promise<RowPage>;
  /** The same without contents. */
  outline(
    kind: CopiedKind,
    namespaceId: string,
    afterId: string | null,
    limit: number,
  ): Promise<readonly RowOutline[]>;
  /** In order of id; `isLast` is false when 8 MiB were reached. Those that don't exist are missing. */
  pick(kind: CopiedKind, namespaceId: string, ids: readonly string[]): Promise<RowPage>;
  /** Which of these ids are rows of the namespace; one read, without contents. */
  existing(
    kind: CopiedKind,
    namespaceId: string,
    ids: readonly string[],
  ): Promise<ReadonlySet<string>>;
  /**
   * Writes each row whole by its id: one command, and the same again when repeated. How many of
   * them were not so before. Throws `SlotTakenError` when a unique index refuses one, as a name that
   * another row of the namespace has; the other rows are written nevertheless.
   */
  write(kind: CopiedKind, rows: readonly CopiedRow[]): Promise<number>;
  remove(kind: CopiedKind, namespaceId: string, ids: readonly string[]): Promise<void>;
  /** Deletes all rows of the kind. */
  removeAll(kind: CopiedKind, namespaceId: string): Promise<void>;
}
