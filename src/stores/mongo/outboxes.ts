import type { Outbox } from "../../ports/task-store.ts";
import type { BulkUpdate, MongoGateway, Query } from "./gateway.ts";

/**
 * Empties the outboxes from which all was dispatched: one command. Only when events came in
 * meanwhile, or another dispatch took some, each event is taken out by its id, and an outbox that
 * this leaves empty is marked as such: else it would stay due for ever. All of it may be applied
 * twice.
 */
export async function settleOutboxes(
  gateway: MongoGateway,
  collection: string,
  outboxes: readonly Outbox[],
): Promise<void> {
  const each = (updateOf: (outbox: Outbox) => Pick<BulkUpdate, "filter" | "update">) =>
    gateway.bulkUpdate(
      collection,
      outboxes.map((outbox) => ({ ...updateOf(outbox), upsert: false })),
    );
  const empty = { $set: { pending_events: [], outbox_at: null } };
  const emptied = await each((outbox) => ({ filter: untouched(outbox), update: empty }));
  if (emptied === outboxes.length) return;
  await each(({ ownerId, eventIds }) => ({
    filter: { _id: ownerId },
    update: { $pull: { pending_events: { event_id: { $in: eventIds } } } },
  }));
  await each(({ ownerId }) => ({
    filter: { _id: ownerId, pending_events: { $size: 0 } },
    update: empty,
  }));
}

/** Events are only ever appended: as many as were dispatched and the same last one are the same. */
function untouched({ ownerId, eventIds }: Outbox): Query {
  const last = eventIds.at(-1);
  return {
    _id: ownerId,
    pending_events: { $size: eventIds.length },
    ...(last !== undefined && { [`pending_events.${eventIds.length - 1}.event_id`]: last }),
  };
}
