import type { FanOutCursor, FanOutMove, Outbox } from "../../ports/task-store.ts";
import type { BulkUpdate, Database, Query } from "../../ports/database.ts";

/**
 * Empties the outboxes from which all was dispatched: one command. Only when events came in
 * meanwhile, or another dispatch took some, each event is taken out by its id, and an outbox that
 * this leaves empty is marked as such: else it would stay due for ever. All of it may be applied
 * twice.
 */
export async function clearOutboxes(
  database: Database,
  collection: string,
  outboxes: readonly Outbox[],
): Promise<void> {
  const each = (updateOf: (outbox: Outbox) => Pick<BulkUpdate, "filter" | "update">) =>
    database.bulkUpdate(
      collection,
      outboxes.map((outbox) => ({ ...updateOf(outbox), upsert: false })),
    );
  const empty = { $set: { pending_events: [], outbox_at: null, fan_out: null } };
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

/**
 * Moves fan-outs on, each from where its step found it: a step that was repeated, or taken by two
 * at once, moves it once. How many were moved. May be applied twice.
 */
export function moveFanOuts(
  database: Database,
  collection: string,
  moves: readonly FanOutMove[],
): Promise<number> {
  return database.bulkUpdate(
    collection,
    moves.map(({ ownerId, from, to, outboxAt }) => ({
      filter: { _id: ownerId, ...standingAt(from) },
      update: { $set: { fan_out: to, outbox_at: outboxAt } },
      upsert: false,
    })),
  );
}

function standingAt(cursor: FanOutCursor | null): Query {
  // Equal to null is also what was stored before there were fan-outs of several steps.
  if (cursor === null) return { fan_out: null };
  return { "fan_out.through": cursor.through, "fan_out.after": cursor.after };
}
