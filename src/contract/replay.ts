import { z } from "zod";
import { BulkOptions } from "./bulk.ts";
import { Pagination, Timestamp } from "./common.ts";
import { EventId } from "./ids.ts";

/** How many events of the log one call of a replay looks at, at the most and unless told. */
export const MAX_REPLAY_EVENTS = 1000;

/** A place in the event log: a time at which events were logged, or an event. */
const LogPlace = z.union([Timestamp, EventId]);

/**
 * `POST /v1/webhooks/{webhook_id}/replay`: which events of the log, and which of their deliveries.
 * A call looks at `limit` events, oldest first; `next_cursor` goes on with the next.
 */
export const ReplayRequest = z.strictObject({
  /** From this time, or from this event, on. */
  from: LogPlace,
  /** Before this time, or up to this event; to the end of the log unless told. */
  until: LogPlace.optional(),
  /**
   * Of the events that the endpoint subscribed to. `missing`: those without a delivery to it;
   * `failed`: those in its dead letters; `all`: both, and those that arrived.
   */
  which: z.enum(["missing", "failed", "all"]),
  ...BulkOptions,
  limit: z.int().min(1).max(MAX_REPLAY_EVENTS).optional(),
});

export type ReplayRequest = z.infer<typeof ReplayRequest>;

/** What a call of a replay came to, or would come to in a dry run. */
export const ReplayOutcome = z.object({
  dry_run: z.boolean(),
  /** How many events of the log it looked at. */
  events: z.int(),
  /** Deliveries made of events that had none. */
  created: z.int(),
  /** Deliveries that had ended and are on their way again. */
  reopened: z.int(),
  /** Those of subscribed events that stay as they are: on their way already, or not of `which`. */
  left: z.int(),
  pagination: Pagination,
});

export type ReplayOutcome = z.infer<typeof ReplayOutcome>;
