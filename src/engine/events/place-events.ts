import type { UnplacedEvent } from "../../ports/event-log.ts";
import type { ServiceContext } from "../context.ts";

/** Events that are given a position in one command. */
const EVENTS_AT_ONCE = 500;

/** Rounds of one call: a reader waits for them, so a long backlog is left to the next calls. */
const MAX_ROUNDS = 4;

/** Whether no event was left without a position. */
export type PlaceReport = { readonly isAll: boolean };

/**
 * Gives the events that were logged since a position in their namespace's log each, above all that
 * are taken. Whoever reads the log does so; of any number at once each position goes to one event,
 * and each event gets one (`EventLogStore`). A crash after any write changes nothing: an event with
 * a position that isn't marked is found again, refused another one, and marked.
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

/** The same places, but those of each task go to its events by their sequence: clocks may differ. */
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
