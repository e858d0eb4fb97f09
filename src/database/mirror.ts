import type { ResourceMirror, TaskMirror } from "../ports/mirror-store.ts";
import type { Doc, Database, Query } from "../ports/database.ts";

/**
 * Writes a task's status to a resource, and reads the resource with the same operation. Decides the
 * race between mirrors of two versions, and between a task and the resource's next one, whose id is
 * greater: the older one matches nothing. Neither does a repeated one. `alsoSet`: what else the
 * same write sets.
 */
export function mirrorInto<Row extends Doc>(
  database: Database,
  collection: string,
  resourceId: string,
  task: TaskMirror,
  alsoSet: Readonly<Record<string, unknown>> = {},
): Promise<Row | null> {
  return database.findOneAndUpdate<Row>(
    collection,
    { _id: resourceId, ...isOlderThan(task) },
    updateTo(task, alsoSet),
  );
}

/** The same for many in one command, which reads none. */
export async function mirrorManyInto(
  database: Database,
  collection: string,
  mirrors: readonly ResourceMirror[],
): Promise<void> {
  await database.bulkUpdate(
    collection,
    mirrors.map(({ resourceId, task }) => ({
      filter: { _id: resourceId, ...isOlderThan(task) },
      update: updateTo(task),
      upsert: false,
    })),
  );
}

function updateTo(task: TaskMirror, alsoSet: Readonly<Record<string, unknown>> = {}): Query {
  return {
    $set: {
      status: task.status,
      error_message: task.error_message,
      task_id: task.task_id,
      task_version: task.version,
      updated_at: task.updated_at,
      ...alsoSet,
    },
  };
}

/** A resource that shows an older state: of no task yet, of an earlier task, or an earlier version of this one. */
function isOlderThan(task: TaskMirror): Query {
  return {
    $or: [
      { task_id: null },
      { task_id: { $lt: task.task_id } },
      { task_id: task.task_id, task_version: { $lt: task.version } },
    ],
  };
}
