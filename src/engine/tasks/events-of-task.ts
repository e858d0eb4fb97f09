import type { EventRecord } from "../../ports/delivery-store.ts";
import type { PendingEvent, TaskRecord } from "../../ports/task-store.ts";

/** The events of a task's outbox that go to the log. */
export function eventsOfTask(task: TaskRecord, now: Date): readonly EventRecord[] {
  return task.pending_events.map((event) => loggedEvent(event, task.namespace_id, task._id, now));
}

/** An outbox event in the form of the log. */
export function loggedEvent(
  event: PendingEvent,
  namespaceId: string,
  taskId: string | null,
  now: Date,
): EventRecord {
  return {
    _id: event.event_id,
    namespace_id: namespaceId,
    type: event.type,
    task_id: taskId,
    sequence: event.sequence,
    timestamp: event.timestamp,
    data: event.data,
    created_at: now,
  };
}
