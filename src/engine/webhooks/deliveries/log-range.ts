import type { ReplayRequest } from "../../../contract/replay.ts";
import type { EventFilter, EventRecord } from "../../../ports/delivery-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { DomainError } from "../../errors.ts";

/** A range of the event log. */
export type LogRange = {
  /** The store's bounds, in whole milliseconds. */
  readonly filter: EventFilter;
  /** Within the first and the last millisecond the ids decide. */
  readonly holds: (event: EventRecord) => boolean;
};

/**
 * The range of the log that a replay covers, in the log's order: by time of logging, then by id.
 * Throws `invalid_request` for an unknown event.
 */
export async function logRange(
  ctx: NamespaceContext,
  { from, until }: Pick<ReplayRequest, "from" | "until">,
): Promise<LogRange> {
  const [first, last] = await Promise.all([
    eventNamed(ctx, "from", from),
    eventNamed(ctx, "until", until),
  ]);
  return {
    filter: {
      createdFrom: first?.created_at ?? new Date(from),
      createdBefore: last === null ? timeOf(until) : new Date(last.created_at.getTime() + 1),
    },
    holds: (event) =>
      (first === null || isInOrder(first, event)) && (last === null || isInOrder(event, last)),
  };
}

function timeOf(place: string | undefined): Date | undefined {
  return place === undefined ? undefined : new Date(place);
}

/** The event that a position names; null when it names a time, or nothing. */
async function eventNamed(
  ctx: NamespaceContext,
  path: string,
  place: string | undefined,
): Promise<EventRecord | null> {
  if (place === undefined || !place.startsWith("evt_")) return null;
  const event = await ctx.stores.events.get(place);
  if (event?.namespace_id === ctx.namespace._id) return event;
  const message = "there is no such event any more; give a time";
  throw new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
}

/** Whether one event is at or before the other in the log. */
function isInOrder(one: EventRecord, other: EventRecord): boolean {
  const gap = other.created_at.getTime() - one.created_at.getTime();
  return gap > 0 || (gap === 0 && one._id <= other._id);
}
