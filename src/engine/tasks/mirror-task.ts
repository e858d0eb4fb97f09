import { ID_PREFIXES } from "../../contract/ids.ts";
import type { MirrorStore, TaskMirror } from "../../ports/batch-store.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext, Stores } from "../context.ts";

/** The kinds of resource that tasks work for, by the prefix of their ids. */
const MIRRORS: Readonly<Record<string, (stores: Stores) => MirrorStore<unknown>>> = {
  [ID_PREFIXES.batch]: (stores) => stores.batches,
  [ID_PREFIXES.taxonomy]: (stores) => stores.taxonomies,
  [ID_PREFIXES.cluster]: (stores) => stores.clusters,
  [ID_PREFIXES.migration]: (stores) => stores.migrations,
};

/**
 * Writes a task's status to the resource that it works for, so that either can be polled. The
 * task is written first and is the truth; a crash in between is mended when the change's events
 * are dispatched, which does this again.
 */
export async function mirrorTask({
  ctx,
  task,
}: {
  ctx: Pick<ServiceContext, "stores">;
  task: TaskRecord;
}): Promise<void> {
  if (task.resource_id === null) return;
  await MIRRORS[kindOf(task.resource_id)]?.(ctx.stores).mirror(task.resource_id, mirrorOf(task));
}

/** The same for many tasks: one command for each kind of resource. */
export async function mirrorTasks({
  ctx,
  tasks,
}: {
  ctx: Pick<ServiceContext, "stores">;
  tasks: readonly TaskRecord[];
}): Promise<void> {
  const mirrors = tasks.flatMap((task) =>
    task.resource_id === null ? [] : [{ resourceId: task.resource_id, task: mirrorOf(task) }],
  );
  for (const [kind, storeOf] of Object.entries(MIRRORS)) {
    const own = mirrors.filter(({ resourceId }) => kindOf(resourceId) === kind);
    if (own.length > 0) await storeOf(ctx.stores).mirrorMany(own);
  }
}

/** The prefix of an id. */
function kindOf(id: string): string {
  return id.slice(0, id.indexOf("_"));
}

/** The same where the task was written and the rest can wait: what fails is logged, and mended by the dispatch. */
export async function mirrorOrLog({
  ctx,
  task,
}: {
  ctx: ServiceContext;
  task: TaskRecord;
}): Promise<void> {
  try {
    await mirrorTask({ ctx, task });
  } catch (error) {
    ctx.runtime.log("warn", "the resource was not written", {
      task_id: task._id,
      error: String(error),
    });
  }
}

/** What of a task its resource shows. */
export function mirrorOf(task: TaskRecord): TaskMirror {
  return {
    task_id: task._id,
    version: task.version,
    status: task.status,
    error_message: task.error_message,
    updated_at: task.updated_at,
  };
}
