import type { Database } from "../../ports/database.ts";
import type { MirrorStore, TaskMirror } from "../../ports/mirror-store.ts";
import type { TaskRecord } from "../../ports/task-store.ts";

/** A kind of resource that tasks work for, and that shows the status of its newest task as its own. */
export type ResourceKind<Row> = {
  /** How the ids of this kind begin, without the underscore: `batch`. */
  readonly prefix: string;
  readonly store: (database: Database) => MirrorStore<Row>;
};

/** The fields of a task that its resource shows. */
export function mirrorOf(task: TaskRecord): TaskMirror {
  return {
    task_id: task._id,
    version: task.version,
    status: task.status,
    error_message: task.error_message,
    updated_at: task.updated_at,
  };
}
