import { matchesEventType } from "../../contract/event.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";

/**
 * Asks the queue to dispatch a task's events now, if anybody is subscribed. Without subscribers it
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
    if (!(hasSubscriber(ctx, task) || (await ctx.stores.webhooks.anyActive(task.namespace_id)))) {
      return;
    }
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

/** Whether code of this deployment wants one of the events. */
function hasSubscriber(ctx: ServiceContext, task: TaskRecord): boolean {
  return [...ctx.subscribers.values()].some(({ eventTypes }) =>
    task.pending_events.some(({ type }) =>
      eventTypes.some((pattern) => matchesEventType(pattern, type)),
    ),
  );
}
