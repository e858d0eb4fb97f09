import { z } from "zod";
import { MAX_PAGE_SIZE, oneOrMany, PageRequest, pageOf, Timestamp, TimeRange } from "./common.ts";
import { EventTypePattern } from "./event.ts";
import { checkStorable } from "./storable.ts";
import { EventId, TaskId } from "./ids.ts";

/**
 * The maximum size of a published event's `data` as JSON, in bytes: small enough to be sent whole
 * with its envelope.
 */
const MAX_DATA_BYTES = 16_384;

/** An event in the namespace's log: its names, and the whole payload that endpoints receive. */
export const LoggedEvent = z.object({
  /** The `webhook-id` of its deliveries. */
  event_id: EventId,
  type: z.string(),
  /** When it happened. */
  timestamp: Timestamp,
  /** The type, as described by `/v1/event-types/{type}`. */
  data: z.record(z.string(), z.unknown()),
  /** The task that it belongs to. */
  task_id: TaskId.nullable(),
  /** When it was added to the log. */
  created_at: Timestamp,
});

export type LoggedEvent = z.infer<typeof LoggedEvent>;

/** `POST /v1/events`: publishes an event of a registered type. */
export const PublishEventRequest = z.strictObject({
  type: z.string().min(1).max(100),
  /** The event's data; must satisfy the type's schema. */
  data: z
    .record(z.string(), z.unknown())
    .check(checkStorable)
    .refine((data) => byteLength(JSON.stringify(data)) <= MAX_DATA_BYTES, {
      error: "expected at most 16 KiB of JSON; put what is larger elsewhere and say where",
    }),
  /** The task that it belongs to; endpoints' filters by task type and tag then apply. */
  task_id: TaskId.optional(),
});

export type PublishEventRequest = z.infer<typeof PublishEventRequest>;

/** `POST /v1/events/list`. Filters are joined by AND; the values of one filter by OR. */
export const EventListRequest = z.strictObject({
  /** Types, or patterns such as `task.*`. */
  type: oneOrMany(EventTypePattern).optional(),
  task_id: oneOrMany(TaskId).optional(),
  /** When it happened. */
  timestamp: TimeRange.optional(),
  limit: PageRequest.limit,
  cursor: PageRequest.cursor,
});

export type EventListRequest = z.infer<typeof EventListRequest>;

/**
 * A page of the log. A call scans 1,000 events, so a page may have few or no rows and still have a
 * next page.
 */
export const EventPage = pageOf(LoggedEvent).extend({
  /**
   * Where the log continues after this page; also set on the last page, for callers that follow the
   * log.
   */
  end_cursor: z.string(),
});

export type EventPage = z.infer<typeof EventPage>;

/** The query of `GET /v1/webhooks/{webhook_id}/poll`. */
export const PollQuery = z.strictObject({
  cursor: PageRequest.cursor,
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).optional(),
});

/** The events that an endpoint would have been sent, for consumers that poll instead. */
export const PolledEvents = z.object({
  events: z.array(LoggedEvent),
  /** The cursor for the next poll, whether or not this page is empty. */
  next_cursor: z.string(),
  /** Whether there were no more events at that moment. */
  done: z.boolean(),
});

export type PolledEvents = z.infer<typeof PolledEvents>;

function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
