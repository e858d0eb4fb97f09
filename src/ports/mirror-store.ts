import type { TaskStatus } from "../contract/status.ts";

/** The fields of a task that its resource also shows. */
export type TaskMirror = {
  readonly task_id: string;
  readonly version: number;
  readonly status: TaskStatus;
  readonly error_message: string | null;
  readonly updated_at: Date;
};

/** A resource, and what of its task it is to show. */
export type ResourceMirror = { readonly resourceId: string; readonly task: TaskMirror };

/**
 * A kind of resource that a task works for, and that shows the task's status as its own. The write
 * is guarded by the task's version, so a late mirror changes nothing.
 */
export interface MirrorStore<Row> {
  /**
   * One conditional write; the resource as it is afterwards, or null when it shows that version or
   * a newer one already, or is gone.
   */
  mirror(resourceId: string, task: TaskMirror): Promise<Row | null>;
  /** The resource, in any namespace, for the runner. */
  get(resourceId: string): Promise<Row | null>;
  /** The same for many, without reading them. One command, but for kinds that have more to show. */
  mirrorMany(mirrors: readonly ResourceMirror[]): Promise<void>;
}
