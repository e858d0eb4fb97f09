import type { FanOutCursor, FanOutMove, Outbox } from "../../ports/task-store.ts";
import type { BulkUpdate, Database, Query } from "../../ports/database.ts";

/**
 * Empties the outboxes whose events were all dispatched, in one command. Only if events came in
 * meanwhile, or another dispatch removed some, is each event removed by its id; an outbox that this
 * leaves empty is marked as empty, or it would stay due forever. All of it may be applied twice.
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

/** Events are only appended: the same number and the same last event mean the same events. */
function untouched({ ownerId, eventIds }: Outbox): Query {
  const last = eventIds.at(-1);
  return {
    _id: ownerId,
    pending_events: { $size: eventIds.length },
    ...(last !== undefined && { [`pending_events.${eventIds.length - 1}.event_id`]: last }),
  };
}

/**
 * Advances fan-outs, each from where its step found it: a step that was repeated, or run twice at
 * once, advances it once. Returns how many were advanced. May be applied twice.
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
  // Null also matches documents stored before fan-outs had several steps.
  if (cursor === null) return { fan_out: null };
  return { "fan_out.through": cursor.through, "fan_out.after": cursor.after };
}
