import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";

/**
 * Asks the queue to dispatch a task's events now, if a handler wants them at once. Otherwise it
 * costs no message, and the relay moves the events to the log. Only a matter of speed: events wait
 * in the task's own document and the relay finds them (P3), so a failure is logged and no more.
 */
export async function requestDispatch({
  ctx,
  task,
}: {
  ctx: ServiceContext;
  task: TaskRecord;
}): Promise<void> {
  if (task.pending_events.length === 0) return;
  try {
    if (!(await isDispatchWanted(ctx, task.namespace_id, task.pending_events))) return;
    await ctx.stores.queue.publishDispatch(
      { source: "task", id: task._id },
      { deduplicationId: `dispatch-${task._id}-${task.version}` },
    );
  } catch (error) {
    ctx.runtime.log("warn", "the dispatch was left to the relay", {
      task_id: task._id,
      error: String(error),
    });
  }
}

/** Whether a handler wants events of these types dispatched at once. Asks one after the other. */
export async function isDispatchWanted(
  ctx: ServiceContext,
  namespaceId: string,
  events: readonly { readonly type: string }[],
): Promise<boolean> {
  for (const { wants } of ctx.handlers) {
    if (await wants?.(ctx, namespaceId, events)) return true;
  }
  return false;
}
