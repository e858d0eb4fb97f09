import type { EventRecord } from "../../ports/delivery-store.ts";
import type { LogPosition } from "../../ports/event-log.ts";
import type { NamespaceContext } from "../context.ts";
import { placeEvents } from "./place-events.ts";

/** How much of the log one call scans. */
const POSITIONS_PER_SCAN = 1000;

/** The events wanted from the log. */
export type Scan = {
  /** Where to begin: above this position. */
  readonly above: number;
  readonly limit: number;
  /** A filter on what the position itself stores of its event, which costs no read. */
  readonly isWanted: (placed: LogPosition) => boolean;
};

/** The result of a scan: `end` is the last position scanned, `isEnd` whether the log ends there. */
export type ScanOutcome = {
  readonly events: readonly EventRecord[];
  readonly end: number;
  readonly isEnd: boolean;
  /** Whether the scan began beyond the log's end, at a position never issued. */
  readonly isAhead: boolean;
};

/**
 * The next wanted events of the namespace's log, in its order. Bounded: scans at most 1,000
 * positions and reads as many events as fit into 8 MiB; `end` is where the next scan continues.
 * Purged events are skipped.
 */
export async function scanLog(ctx: NamespaceContext, scan: Scan): Promise<ScanOutcome> {
  const { rows, isEnd, isAhead } = await readLog(ctx, scan.above, POSITIONS_PER_SCAN);
  const wanted = rows.filter((row) => scan.isWanted(row));
  const page = wanted.slice(0, scan.limit);
  const { events, isCut } = await readInOrder(ctx, page);
  const isWhole = !isCut && wanted.length === page.length;
  const end = isWhole ? rows.at(-1) : page[(isCut ? events.length : page.length) - 1];
  return {
    events: events.filter((event) => event !== null),
    end: end?.position ?? scan.above,
    isEnd: isEnd && isWhole,
    isAhead,
  };
}

/**
 * In the given order, null for purged events; if they are too large, only the first ones, at least
 * one.
 */
async function readInOrder(
  ctx: NamespaceContext,
  page: readonly LogPosition[],
): Promise<{ readonly events: readonly (EventRecord | null)[]; readonly isCut: boolean }> {
  const ids = page.map(({ eventId }) => eventId);
  const read = await ctx.stores.events.getMany(ids);
  const found = new Map(read.events.map((event) => [event._id, event]));
  const events = ids.map((id) => found.get(id) ?? null);
  if (!read.isCut) return { events, isCut: false };
  const missing = events.indexOf(null);
  if (missing > 0) return { events: events.slice(0, missing), isCut: true };
  const [first = ""] = ids;
  return { events: [await ctx.stores.events.get(first)], isCut: true };
}

/** Some of a namespace's log, and whether there was no more when it was read. */
export type LogPart = {
  readonly rows: readonly LogPosition[];
  readonly isEnd: boolean;
  readonly isAhead: boolean;
};

/**
 * The first `limit` entries above a position in the namespace's log, in order. Events logged before
 * this call without a position get one first, up to a bounded number. Takes two reads when there
 * are none.
 */
export async function readLog(
  ctx: NamespaceContext,
  position: number,
  limit: number,
): Promise<LogPart> {
  const { isAll } = await placeEvents(ctx, ctx.namespace._id);
  // Includes the position itself: the highest is never purged, so if it is missing the log hasn't
  // reached it yet.
  const below = Math.max(0, position - 1);
  const found = await ctx.stores.eventLog.above(ctx.namespace._id, below, limit + 1);
  const rows = found.filter((row) => row.position > position).slice(0, limit);
  return {
    rows,
    isEnd: isAll && rows.length < limit,
    isAhead: position > 0 && found.length === 0,
  };
}
