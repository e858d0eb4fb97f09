import type { UnplacedEvent } from "../../ports/event-log.ts";
import type { ServiceContext } from "../context.ts";

/** Events that get a position in one command. */
const EVENTS_AT_ONCE = 500;

/** Rounds per call: a reader waits for them, so a long backlog is left to later calls. */
const MAX_ROUNDS = 4;

/** Whether every event now has a position. */
export type PlaceReport = { readonly isAll: boolean };

/**
 * Gives each newly logged event a position in its namespace's log, above all those taken. Every
 * reader of the log does this; however many run at once, each position goes to one event and each
 * event gets one (`EventLogStore`). A crash after any write does no harm: an event whose position
 * isn't marked is found again, refused another position, and marked.
 */
export async function placeEvents(ctx: ServiceContext, namespaceId: string): Promise<PlaceReport> {
  const { eventLog } = ctx.stores;
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const waiting = await eventLog.unplaced(namespaceId, EVENTS_AT_ONCE);
    if (waiting.length === 0) return { isAll: true };
    const last = await eventLog.lastPosition(namespaceId);
    const inOrder = inTaskOrder(waiting);
    const given = await eventLog.place(namespaceId, last + 1, inOrder, ctx.runtime.now());
    const ids = inOrder.map(({ _id }) => _id);
    const isWhole = given === waiting.length;
    const marked = isWhole ? ids : await eventLog.placedAmong(ids);
    await eventLog.markPlaced(marked);
    if (isWhole && waiting.length < EVENTS_AT_ONCE) return { isAll: true };
  }
  return { isAll: false };
}

/**
 * The same positions, but each task's go to its events in order of sequence, because clocks may
 * differ.
 */
function inTaskOrder(events: readonly UnplacedEvent[]): readonly UnplacedEvent[] {
  const queues = new Map<string, UnplacedEvent[]>();
  for (const event of events) {
    if (event.task_id === null || event.sequence === 0) continue;
    queues.set(event.task_id, [...(queues.get(event.task_id) ?? []), event]);
  }
  for (const [taskId, queue] of queues) {
    queues.set(
      taskId,
      queue.toSorted((one, other) => one.sequence - other.sequence),
    );
  }
  return events.map((event) => {
    if (event.task_id === null || event.sequence === 0) return event;
    return queues.get(event.task_id)?.shift() ?? event;
  });
}
