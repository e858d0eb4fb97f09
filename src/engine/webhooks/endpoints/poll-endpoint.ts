import { DEFAULT_PAGE_SIZE } from "../../../contract/common.ts";
import { matchesEventType } from "../../../contract/event.ts";
import type { EventRecord } from "../../../ports/delivery-store.ts";
import { type EventMark, NO_EVENTS } from "../../../ports/watchers.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import { isSubscribed } from "../../events/match.ts";
import type { NamespaceContext } from "../../context.ts";
import { getEndpoint } from "./read-endpoints.ts";
import { decodePosition, encodePosition, positionBefore } from "../../events/log-cursor.ts";
import { scanLog } from "../../events/scan-log.ts";
import { bestEffort } from "../../best-effort.ts";
import { invalidCursor } from "../../paging.ts";

/** How often a wait looks at the log, in milliseconds, to find events that nobody reported. */
const LOOK_INTERVAL_MS = 5_000;

/** The same after an event was reported, which is logged a moment later; for a few looks. */
const SOON_MS = 500;
const LOOKS_SOON = 4;

type Poll = {
  readonly webhookId: string;
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
  /** How long to wait for an event when there is none; 0: don't wait. */
  readonly waitMs: number;
};

/** The events, where the next poll continues, and whether there were no more. */
export type PollOutcome = {
  readonly events: readonly EventRecord[];
  readonly nextCursor: string;
  readonly isEnd: boolean;
};

/**
 * The events that an endpoint subscribes to, since its creation and in the log's order, for a
 * consumer that can't be reached. The endpoint's status doesn't matter. Nothing is marked as
 * received: the consumer keeps the cursor. Throws `not_found` and `invalid_cursor`.
 */
export async function pollEndpoint({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: Poll;
}): Promise<PollOutcome> {
  const webhook = await getEndpoint({ ctx, input });
  const start =
    input.cursor === undefined
      ? await positionBefore(ctx, webhook.created_at)
      : decodePosition(ctx, input.cursor);
  const limit = input.limit ?? DEFAULT_PAGE_SIZE;
  const first = await look(ctx, webhook, start, limit);
  if (input.cursor !== undefined && first.isAhead) throw invalidCursor();
  return input.waitMs > 0 && isNothing(first)
    ? wait(ctx, webhook, first, limit, input.waitMs)
    : first;
}

type Look = PollOutcome & { readonly end: number; readonly isAhead: boolean };

async function look(
  ctx: NamespaceContext,
  webhook: EndpointRecord,
  above: number,
  limit: number,
): Promise<Look> {
  const { events, end, isEnd, isAhead } = await scanLog(ctx, {
    above,
    limit,
    isWanted: ({ type, timestamp }) =>
      timestamp >= webhook.created_at &&
      webhook.event_types.some((pattern) => matchesEventType(pattern, type)),
  });
  return {
    events: events.filter((event) => isSubscribed(webhook, event)),
    nextCursor: encodePosition(ctx, end),
    end,
    isEnd,
    isAhead,
  };
}

function isNothing({ events, isEnd }: Look): boolean {
  return events.length === 0 && isEnd;
}

async function wait(
  ctx: NamespaceContext,
  webhook: EndpointRecord,
  first: Look,
  limit: number,
  waitMs: number,
): Promise<Look> {
  const { stores, runtime, namespace } = ctx;
  const deadline = runtime.now().getTime() + waitMs;
  const seat = stores.watchers.joinEvents(namespace._id);
  let mark: EventMark = NO_EVENTS;
  let soon = 0;
  let last = first;
  try {
    for (;;) {
      const left = deadline - runtime.now().getTime();
      if (left <= 0 || !isNothing(last)) return last;
      await bestEffort(ctx, { log: "events are found by looking" }, () =>
        stores.taskCache.watchNamespace(namespace._id),
      );
      const told = await seat.next(mark, Math.min(left, soon > 0 ? SOON_MS : LOOK_INTERVAL_MS));
      mark = told.mark;
      soon = told.events.length > 0 ? LOOKS_SOON : soon - 1;
      last = await look(ctx, webhook, last.end, limit);
    }
  } finally {
    seat.leave();
  }
}
