import type { PutOutcome } from "../../ports/task-cache.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { bestEffort } from "../best-effort.ts";
import type { ServiceContext } from "../context.ts";
import { eventsOfTask } from "./events-of-task.ts";
import { cachedTaskOf } from "./present-task.ts";

/**
 * Writes the hot copy and wakes the requests that wait for the task. If the task has events after
 * the sequence `eventsAfter` (none when absent), it also wakes those that follow its namespace.
 * Without Redis, polls read MongoDB (P6) and waits aren't possible.
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

/** The same for many tasks in one request; each still costs a Redis command. */
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
  const copies = tasks.map((task) => ({
    namespaceId: task.namespace_id,
    taskId: task._id,
    task: cachedTaskOf(task),
  }));
  const fields = { task_ids: tasks.map((task) => task._id) };
  const outcomes = await bestEffort(
    ctx,
    { log: "a hot copy was not written", fields, on: "everything" },
    () => ctx.stores.taskCache.put(copies),
  );
  return outcomes ?? [];
}

function wake(
  ctx: ServiceContext,
  task: TaskRecord,
  { isWatched, isNamespaceWatched }: PutOutcome,
  eventsAfter: number,
): void {
  const { stores, runtime } = ctx;
  // A waiter that isn't woken soon looks for itself.
  const tell = (telling: () => Promise<void>) => {
    const fields = { task_id: task._id };
    runtime.defer(bestEffort(ctx, { log: "nobody was woken", fields, on: "everything" }, telling));
  };
  if (isWatched) {
    const news = { ...cachedTaskOf(task), sequence: task.sequence };
    tell(() => stores.watchers.wake(task.namespace_id, task._id, news));
  }
  if (isNamespaceWatched && task.sequence > eventsAfter) {
    const events = eventsOfTask(task, runtime.now()).filter(
      ({ sequence }) => sequence > eventsAfter,
    );
    tell(() => stores.watchers.tell(task.namespace_id, events));
  }
}
