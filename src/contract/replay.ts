import { z } from "zod";
import { BulkOptions } from "./bulk.ts";
import { Pagination, Timestamp } from "./common.ts";
import { EventId } from "./ids.ts";

/** The maximum and default number of log events that one replay call scans. */
export const MAX_REPLAY_EVENTS = 1000;

/** A position in the event log: a time, or an event. */
const LogPlace = z.union([Timestamp, EventId]);

/**
 * `POST /v1/webhooks/{webhook_id}/replay`: which events of the log, and which of their deliveries.
 * A call scans `limit` events, oldest first; `next_cursor` continues with the next ones.
 */
export const ReplayRequest = z.strictObject({
  /** From this time or this event, inclusive. */
  from: LogPlace,
  /** Before this time, or up to and including this event; by default, to the end of the log. */
  until: LogPlace.optional(),
  /**
   * Which of the events that the endpoint subscribes to. `missing`: those without a delivery to it;
   * `failed`: its dead letters; `all`: both, and those already delivered.
   */
  which: z.enum(["missing", "failed", "all"]),
  ...BulkOptions,
  limit: z.int().min(1).max(MAX_REPLAY_EVENTS).optional(),
});

export type ReplayRequest = z.infer<typeof ReplayRequest>;

/** The result of a replay call, or what it would be in a dry run. */
export const ReplayOutcome = z.object({
  dry_run: z.boolean(),
  /** The number of log events scanned. */
  events: z.int(),
  /** Deliveries created for events that had none. */
  created: z.int(),
  /** Finished deliveries that were queued again. */
  reopened: z.int(),
  /**
   * Deliveries of subscribed events that were left alone: already in progress, or not selected by
   * `which`.
   */
  left: z.int(),
  pagination: Pagination,
});

export type ReplayOutcome = z.infer<typeof ReplayOutcome>;
