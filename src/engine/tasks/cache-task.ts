import type { PutOutcome } from "../../ports/task-cache.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { eventsOfTask } from "./events-of-task.ts";
import { cachedTaskOf } from "./present-task.ts";

/**
 * Writes the hot copy and wakes those who wait for the task, and those who follow its namespace if
 * it has events after the sequence `eventsAfter` (none when absent); without Redis, polls are
 * answered from MongoDB (P6), and nobody can wait.
 */
export async function cacheTask({
  ctx,
  task,
  eventsAfter = task.sequence,
}: {
  ctx: ServiceContext;
  task: TaskRecord;
  eventsAfter?: number;
}): Promise<void> {
  const [outcome] = await put(ctx, [task]);
  if (outcome !== undefined) wake(ctx, task, outcome, eventsAfter);
}

/** The same for many tasks in one request; each is a Redis command all the same. */
export async function cacheTasks({
  ctx,
  tasks,
}: {
  ctx: ServiceContext;
  tasks: readonly TaskRecord[];
}): Promise<void> {
  const outcomes = await put(ctx, tasks);
  for (const [index, task] of tasks.entries()) {
    const outcome = outcomes[index];
    if (outcome !== undefined) wake(ctx, task, outcome, task.sequence);
  }
}

async function put(
  ctx: ServiceContext,
  tasks: readonly TaskRecord[],
): Promise<readonly PutOutcome[]> {
  try {
    return await ctx.stores.taskCache.put(
      tasks.map((task) => ({
        namespaceId: task.namespace_id,
        taskId: task._id,
        task: cachedTaskOf(task),
      })),
    );
  } catch (error) {
    ctx.runtime.log("warn", "a hot copy was not written", {
      task_ids: tasks.map((task) => task._id),
      error: String(error),
    });
    return [];
  }
}

function wake(
  ctx: ServiceContext,
  task: TaskRecord,
  { isWatched, isNamespaceWatched }: PutOutcome,
  eventsAfter: number,
): void {
  const { stores, runtime } = ctx;
  if (isWatched) {
    const news = { ...cachedTaskOf(task), sequence: task.sequence };
    runtime.defer(orLog(ctx, task, stores.watchers.wake(task.namespace_id, task._id, news)));
  }
  if (isNamespaceWatched && task.sequence > eventsAfter) {
    const events = eventsOfTask(task, runtime.now()).filter(
      ({ sequence }) => sequence > eventsAfter,
    );
    runtime.defer(orLog(ctx, task, stores.watchers.tell(task.namespace_id, events)));
  }
}

/** Who was not woken looks for itself before long. */
async function orLog(ctx: ServiceContext, task: TaskRecord, telling: Promise<void>): Promise<void> {
  try {
    await telling;
  } catch (error) {
    ctx.runtime.log("warn", "nobody was woken", { task_id: task._id, error: String(error) });
  }
}
