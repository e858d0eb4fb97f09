import { DEFAULT_PAGE_SIZE } from "../../contract/common.ts";
import { matchesEventType } from "../../contract/event.ts";
import type { EventListRequest, LoggedEvent } from "../../contract/logged-event.ts";
import type { EventRecord } from "../../ports/delivery-store.ts";
import type { LogPosition } from "../../ports/event-log.ts";
import type { NamespaceContext } from "../context.ts";
import { requireKnownTypes } from "./types/require-known-types.ts";
import { asList, invalidCursor } from "../paging.ts";
import { decodePosition, encodePosition, positionBefore } from "./log-cursor.ts";
import { scanLog } from "./scan-log.ts";
import { notFound } from "../errors.ts";

/** A page of the log; `nextCursor` is null when the log ended with it, `endCursor` never. */
export type LogPage = {
  readonly events: readonly EventRecord[];
  readonly nextCursor: string | null;
  readonly endCursor: string;
};

/**
 * One page of the namespace's log in its one order, oldest first. A late event gets a position
 * after everything already read, so cursors never skip an event. Throws `invalid_cursor`, and
 * `invalid_request` for an unknown type.
 */
export async function listEvents({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: EventListRequest;
}): Promise<LogPage> {
  const given = input.cursor === undefined ? null : decodePosition(ctx, input.cursor);
  const types = asList(input.type);
  await requireKnownTypes({ ctx, patterns: types ?? [], path: pathOf(input), scope: "all" });
  const from = input.timestamp?.gte;
  const above = given ?? (from === undefined ? 0 : await positionBefore(ctx, new Date(from)));
  const limit = input.limit ?? DEFAULT_PAGE_SIZE;
  const scanned = await scanLog(ctx, { above, limit, isWanted: wantedBy(input) });
  if (given !== null && scanned.isAhead) throw invalidCursor();
  const endCursor = encodePosition(ctx, scanned.end);
  return { events: scanned.events, nextCursor: scanned.isEnd ? null : endCursor, endCursor };
}

/** A single type is given on its own, several as a list. */
function pathOf({ type }: EventListRequest): string | ((index: number) => string) {
  return typeof type === "string" ? () => "type" : "type";
}

function wantedBy(input: EventListRequest): (placed: LogPosition) => boolean {
  const types = asList(input.type);
  const taskIds = asList(input.task_id);
  const { gte, lt } = input.timestamp ?? {};
  const from = gte === undefined ? null : new Date(gte);
  const before = lt === undefined ? null : new Date(lt);
  return ({ type, taskId, timestamp }) =>
    (types === undefined || types.some((pattern) => matchesEventType(pattern, type))) &&
    (taskIds === undefined || (taskId !== null && taskIds.includes(taskId))) &&
    (from === null || timestamp >= from) &&
    (before === null || timestamp < before);
}

/** An event of the namespace's log. Throws `not_found`, also for one that isn't dispatched yet. */
export async function getEvent({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly eventId: string };
}): Promise<EventRecord> {
  const event = await ctx.stores.events.get(input.eventId);
  if (event === null || event.namespace_id !== ctx.namespace._id) {
    throw notFound("event", input.eventId);
  }
  return event;
}

/** An event of the log as callers see it: whole, however large. */
export function presentEvent(event: EventRecord): LoggedEvent {
  const frame = { namespace_id: event.namespace_id, sequence: event.sequence };
  return {
    event_id: event._id,
    type: event.type,
    timestamp: event.timestamp.toISOString(),
    // Spread twice: first for the order, last for precedence.
    data: { ...frame, ...event.data, ...frame },
    task_id: event.task_id,
    created_at: event.created_at.toISOString(),
  };
}
