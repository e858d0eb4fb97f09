import { isTerminal, type TaskStatus } from "../../contract/status.ts";
import type { TaskHistory } from "../../contract/task.ts";
import type { HistoryRecord, PendingEvent, TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { deliveriesOfTask } from "../webhooks/deliveries/read-deliveries.ts";
import { notFound } from "../errors.ts";

/**
 * A task's audit trail in one place: every change with time, actor, attempt and reason, its events
 * whether dispatched or not, and their deliveries. Throws `not_found`.
 */
export async function getTaskHistory({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly taskId: string };
}): Promise<TaskHistory> {
  const { stores, namespace } = ctx;
  const task = await stores.tasks.find(namespace._id, input.taskId);
  if (task === null) throw notFound("task", input.taskId);
  // The log is read after the outbox: an event that moves from one to the other is then in both,
  // never in neither.
  const [logged, deliveries] = await Promise.all([
    stores.events.ofTask(namespace._id, task._id),
    deliveriesOfTask({ ctx, taskId: task._id }),
  ]);
  const events = new Map<number, TaskHistory["events"][number]>();
  for (const event of task.pending_events) events.set(event.sequence, presentPending(event));
  for (const event of logged) {
    events.set(event.sequence, {
      event_id: event._id,
      type: event.type,
      sequence: event.sequence,
      timestamp: event.timestamp.toISOString(),
      dispatched: true,
    });
  }
  return {
    task_id: task._id,
    status: task.status,
    entries: task.history.map((entry) => presentEntry(entry)),
    omitted: task.history_omitted ?? 0,
    rejections: rejectionsOf(task),
    attempts: attemptsOf(task),
    events: [...events.values()].toSorted((one, other) => one.sequence - other.sequence),
    deliveries: [...deliveries],
  };
}

function presentEntry(entry: HistoryRecord): TaskHistory["entries"][number] {
  return { ...entry, at: entry.at.toISOString() };
}

function rejectionsOf({
  history,
  repeated_rejections: repeated,
}: TaskRecord): TaskHistory["rejections"] {
  const lines = history.filter(({ kind }) => kind === "rejected").length;
  return {
    count: lines + (repeated?.count ?? 0),
    last: repeated === undefined ? null : presentEntry(repeated.last),
  };
}

function presentPending(event: PendingEvent): TaskHistory["events"][number] {
  return {
    event_id: event.event_id,
    type: event.type,
    sequence: event.sequence,
    timestamp: event.timestamp.toISOString(),
    dispatched: false,
  };
}

/**
 * Each attempt from its claim to the change of status that ended it; UNKNOWN in between doesn't end
 * it.
 */
function attemptsOf(task: TaskRecord): TaskHistory["attempts"] {
  const changes = task.history.filter((entry) => entry.kind === "status");
  return changes
    .filter((entry) => entry.from === "PENDING" && isAtWork(entry.to))
    .map((claim) => {
      const end = changes.find(
        (entry) => entry.attempt === claim.attempt && entry.from !== "PENDING" && isEnd(entry.to),
      );
      return {
        attempt: claim.attempt,
        started_at: claim.at.toISOString(),
        ended_at: end?.at.toISOString() ?? null,
        outcome: end?.to ?? null,
        reason: end?.reason ?? null,
      };
    });
}

function isAtWork(status: TaskStatus): boolean {
  return status === "PROCESSING" || status === "IN_PROGRESS";
}

function isEnd(status: TaskStatus): boolean {
  return status === "PENDING" || isTerminal(status);
}
