import type { TaskRecord } from "../../ports/task-store.ts";

/** So many events wait in a task's document at the most, besides those of its changes of status. */
const MAX_WAITING_EVENTS = 1000;

/** The same in characters of JSON: a document may have 16 MiB, and the task itself is in it too. */
const MAX_WAITING_CHARACTERS = 4_194_304;

/** From so few on it is worth a look how large they are. */
const MIN_MEASURED = 4;

/**
 * Whether a task's outbox holds as much as it may, since nobody dispatches: no more progress is told
 * then, and a job that has events of its own waits. The newest event stands for the size of all.
 */
export function isOutboxFull({ pending_events: waiting }: TaskRecord): boolean {
  if (waiting.length < MIN_MEASURED) return false;
  if (waiting.length >= MAX_WAITING_EVENTS) return true;
  return waiting.length * JSON.stringify(waiting.at(-1)).length >= MAX_WAITING_CHARACTERS;
}
