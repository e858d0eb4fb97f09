import type { BuiltInEventType } from "../../contract/event.ts";
import { isTerminal, type TaskStatus } from "../../contract/status.ts";
import type { Runtime } from "../../ports/runtime.ts";
import {
  type HistoryRecord,
  MAX_HISTORY_LINES,
  type PendingEvent,
  type TaskChange,
  type TaskPatch,
  type TaskRecord,
} from "../../ports/task-store.ts";
import { presentTask } from "./present-task.ts";
import { mayBecome } from "./transitions.ts";

/** An event that has no number yet. */
export type NewEvent = { readonly type: string; readonly data: Record<string, unknown> };

/** A change that a writer wants to make to a task. */
export type Intent = {
  /** The status afterwards; the current one if the change leaves the status alone. */
  readonly to: TaskStatus;
  /** The kind of its line in the history; null when it leaves none. */
  readonly kind: HistoryRecord["kind"] | null;
  readonly actor: string;
  readonly reason: string | null;
  readonly patch: TaskPatch;
  /** Events besides the one that the change of status itself causes. */
  readonly events: readonly NewEvent[];
};

/** A change that leaves the status alone and adds no line to the history. */
export function changeWithoutHistory(task: TaskRecord, actor: string, patch: TaskPatch): Intent {
  return { to: task.status, kind: null, actor, reason: null, patch, events: [] };
}

/** The event that reaching a status causes; null if there is none. */
function eventOf(from: TaskStatus, to: TaskStatus): BuiltInEventType | null {
  if (from === to) return null;
  switch (to) {
    case "PROCESSING":
    case "IN_PROGRESS":
      return from === "PENDING" ? "task.started" : null;
    case "COMPLETED":
      return "task.completed";
    case "FAILED":
      return "task.failed";
    case "CANCELED":
      return "task.canceled";
    case "SKIPPED":
      return "task.skipped";
    case "PENDING":
    case "UNKNOWN":
    case "DRAFT":
    case "ACTIVE":
    case "ARCHIVED":
    case "SUSPENDED":
      return null;
  }
}

/**
 * The conditional write that carries out an intent on exactly this version of a task: the change,
 * its line of history and the events that it causes, in one document write (P3). Pure except for
 * new ids and the time. Throws on a transition that the table doesn't allow, and on any change to a
 * task that has ended, even one that keeps the status: both are bugs.
 */
export function planChange(
  task: TaskRecord,
  intent: Intent,
  runtime: Pick<Runtime, "now" | "newId">,
): TaskChange {
  const isAllowed =
    intent.to === task.status ? !isTerminal(task.status) : mayBecome(task.status, intent.to);
  if (!isAllowed) {
    throw new Error(`a task can't go from ${task.status} to ${intent.to}`);
  }
  const now = runtime.now();
  const statusEvent = eventOf(task.status, intent.to);
  const newEvents = [
    ...intent.events,
    ...(statusEvent === null ? [] : [{ type: statusEvent, data: {} }]),
  ];
  // A task that goes to and fro for ever: what it comes to is told, and the rest counted.
  const isOmitted =
    intent.kind !== null &&
    task.history.length >= MAX_HISTORY_LINES &&
    !isTerminal(intent.to) &&
    intent.kind !== "cancel";
  const patch: TaskPatch = {
    ...intent.patch,
    ...(isOmitted && { history_omitted: (task.history_omitted ?? 0) + 1 }),
    status: intent.to,
    updated_at: now,
    sequence: task.sequence + newEvents.length,
    ...(isTerminal(intent.to) && {
      completed_at: now,
      lease_token: null,
      lease_expires_at: null,
      relay_at: null,
      // Released in the same write, so a crash can't leave a key held by a task that has ended.
      ...(task.singleton_key !== null && { singleton_slot: task._id }),
    }),
    // The attempt has ended, so its slot is free.
    ...(task.concurrency_key !== null &&
      (isTerminal(intent.to) || (intent.to === "PENDING" && task.status !== "PENDING")) && {
        concurrency_slot: task._id,
      }),
    ...(newEvents.length > 0 && { outbox_at: task.outbox_at ?? now }),
  };
  const after: TaskRecord = { ...task, ...patch, version: task.version + 1 };
  return {
    expected: task,
    patch,
    events: numberEvents(newEvents, after, task.sequence, runtime),
    history:
      intent.kind === null || isOmitted
        ? []
        : [
            {
              at: now,
              kind: intent.kind,
              from: task.status,
              to: intent.to,
              actor: intent.actor,
              attempt: after.attempt,
              reason: intent.reason,
            },
          ],
  };
}

/** Gives events their ids, their gap-free numbers after `last`, and the task after the change. */
export function numberEvents(
  events: readonly NewEvent[],
  after: TaskRecord,
  last: number,
  runtime: Pick<Runtime, "now" | "newId">,
): readonly PendingEvent[] {
  const task = presentTask(after);
  return events.map((event, index) => ({
    event_id: runtime.newId("event"),
    type: event.type,
    sequence: last + index + 1,
    timestamp: runtime.now(),
    data: { ...event.data, task },
  }));
}
