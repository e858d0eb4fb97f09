import type { MirrorStore } from "./mirror-store.ts";
import type { ResourceRecord, ResourceStore } from "./resource-store.ts";

/**
 * A named resource that tasks work for, one at a time and possibly many over its life: a cluster, a
 * taxonomy, a migration. It shows the status of its newest task as its own.
 */
export type WorkRecord = ResourceRecord & {
  /** The newest task; null in a DRAFT. */
  readonly task_id: string | null;
  /** The version of the task that status and error_message were taken from; 0 in a DRAFT. */
  readonly task_version: number;
  readonly error_message: string | null;
};

/** The resources of one such kind. Every method throws `StoreUnavailableError`. */
export interface WorkStore<Row extends WorkRecord>
  extends Omit<ResourceStore<Row>, "remove">, MirrorStore<Row> {
  /**
   * Sets a resource's own fields, while the given task is still its newest; a write by an older
   * task changes nothing. Returns whether it was written.
   */
  update(
    resourceId: string,
    taskId: string,
    fields: Partial<Omit<Row, keyof WorkRecord>>,
  ): Promise<boolean>;
  /** Deletes a resource that is a DRAFT or whose task has ended. */
  removeAtRest(namespaceId: string, resourceId: string): Promise<boolean>;
}
