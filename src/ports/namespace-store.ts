import type { InsertOutcome, Page, PageOptions, ResourceFilter } from "./resource-store.ts";
import type { TaskStatus } from "../contract/status.ts";

export type NamespaceRecord = {
  readonly _id: string;
  readonly name: string;
  readonly status: TaskStatus;
  readonly metadata: Record<string, string | number | boolean>;
  /** The migration that fills or filled it; absent for a namespace created by a caller. */
  readonly filled_by?: { readonly migration_id: string; readonly namespace_id: string };
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** Namespaces; a name is unique in the deployment. Methods throw `StoreUnavailableError`. */
export interface NamespaceStore {
  insert(namespace: NamespaceRecord): Promise<InsertOutcome>;
  find(idOrName: string): Promise<NamespaceRecord | null>;
  /** `ids` null: all of them. */
  list(
    ids: readonly string[] | null,
    filter: ResourceFilter,
    page: PageOptions,
  ): Promise<Page<NamespaceRecord>>;
  /**
   * What keeps it from being deleted, in words: each of the apps' collections that has a row in it,
   * schedules, webhooks, and tasks that have not ended.
   */
  contents(namespaceId: string, ofApps: readonly string[]): Promise<readonly string[]>;
  /** Makes a DRAFT ACTIVE; whether it is there. */
  activate(namespaceId: string, at: Date): Promise<boolean>;
  remove(namespaceId: string): Promise<boolean>;
}
