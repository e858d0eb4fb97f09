import type { InsertOutcome, Page, PageOptions, ResourceFilter } from "./resource-store.ts";
import type { TaskStatus } from "../contract/status.ts";

export type NamespaceRecord = {
  readonly _id: string;
  readonly name: string;
  readonly status: TaskStatus;
  readonly metadata: Record<string, string | number | boolean>;
  /** The migration that fills it, or has; absent where people made it. */
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
  /** Whether it holds a bucket, a collection or a webhook, or a task that has not ended. */
  isInUse(namespaceId: string): Promise<boolean>;
  /** Makes a DRAFT ACTIVE; whether it is there. */
  activate(namespaceId: string, at: Date): Promise<boolean>;
  remove(namespaceId: string): Promise<boolean>;
}
