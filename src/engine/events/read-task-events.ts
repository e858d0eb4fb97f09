import { EVENTS_AT_ONCE, type EventRecord } from "../../ports/delivery-store.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { notFound } from "../errors.ts";
import { eventsOfTask } from "../tasks/events-of-task.ts";

/** Some events of a task, and the task as it was when they were read. */
export type TaskEvents = { readonly task: TaskRecord; readonly events: readonly EventRecord[] };

/**
 * A task's events after a sequence, in order and without gaps, dispatched or not; only the first
 * ones if there are very many. Takes one read, and another if some have left the outbox. Throws
 * `not_found`.
 */
export async function readTaskEvents({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly taskId: string; readonly after: number };
}): Promise<TaskEvents> {
  const { taskId, after } = input;
  const task = await ctx.stores.tasks.find(ctx.namespace._id, taskId);
  if (task === null) throw notFound("task", taskId);
  const pending = eventsOfTask(task, ctx.runtime.now()).filter((event) => event.sequence > after);
  const missing = task.sequence - after - pending.length;
  if (missing <= 0) return { task, events: inOrder(pending) };
  // Read after the outbox: an event that moves from one to the other is then in both, never in
  // neither.
  const logged = await ctx.stores.events.ofTask(ctx.namespace._id, taskId, after);
  const isCut = logged.length === EVENTS_AT_ONCE;
  const end = isCut ? (logged.at(-1)?.sequence ?? 0) : Infinity;
  const events = new Map<number, EventRecord>();
  for (const event of logged) events.set(event.sequence, event);
  for (const event of pending) if (event.sequence <= end) events.set(event.sequence, event);
  return { task, events: inOrder([...events.values()]) };
}

function inOrder(events: readonly EventRecord[]): readonly EventRecord[] {
  return events.toSorted((one, other) => one.sequence - other.sequence);
}
