import type { QueuedDispatch } from "../../ports/queue.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { bestEffort } from "../best-effort.ts";
import type { ServiceContext } from "../context.ts";

/**
 * Asks the queue to dispatch a task's events now, if a handler wants them at once. Otherwise it
 * sends no message, and the relay moves the events to the log. This is only for speed: events wait
 * in the task's own document, where the relay finds them (P3), so a failure is only logged.
 */
export async function requestDispatch({
  ctx,
  task,
}: {
  ctx: ServiceContext;
  task: TaskRecord;
}): Promise<void> {
  if (task.pending_events.length === 0) return;
  await publishDispatchIfWanted(ctx, task.namespace_id, task.pending_events, {
    message: { source: "task", id: task._id },
    options: { deduplicationId: `dispatch-${task._id}-${task.version}` },
    fields: { task_id: task._id },
  });
}

/** The same for the events of any outbox; `fields` name it in the log. */
export async function publishDispatchIfWanted(
  ctx: ServiceContext,
  namespaceId: string,
  events: readonly { readonly type: string }[],
  { message, options, fields }: QueuedDispatch & { readonly fields: Record<string, unknown> },
): Promise<void> {
  const log = "the dispatch was left to the relay";
  await bestEffort(ctx, { log, fields, on: "everything" }, async () => {
    if (!(await isWanted(ctx, namespaceId, events))) return;
    await ctx.stores.queue.publishDispatch(message, options);
  });
}

/**
 * Whether a handler wants events of these types dispatched at once. Asks the handlers in sequence.
 */
async function isWanted(
  ctx: ServiceContext,
  namespaceId: string,
  events: readonly { readonly type: string }[],
): Promise<boolean> {
  for (const { wants } of ctx.handlers) {
    if (await wants?.(ctx, namespaceId, events)) return true;
  }
  return false;
}
