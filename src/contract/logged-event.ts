import { z } from "zod";
import { MAX_PAGE_SIZE, oneOrMany, PageRequest, pageOf, Timestamp, TimeRange } from "./common.ts";
import { EventTypePattern } from "./event.ts";
import { checkStorable } from "./storable.ts";
import { EventId, TaskId } from "./ids.ts";

/** How much the `data` of a published event may be as JSON, in bytes: with its frame it is sent whole. */
const MAX_DATA_BYTES = 16_384;

/** An event in the namespace's log: what endpoints get, whole, and what it is called. */
export const LoggedEvent = z.object({
  /** The `webhook-id` of its deliveries. */
  event_id: EventId,
  type: z.string(),
  /** When it happened. */
  timestamp: Timestamp,
  /** As `/v1/event-types/{type}` describes it. */
  data: z.record(z.string(), z.unknown()),
  /** The task that it belongs to. */
  task_id: TaskId.nullable(),
  /** When it was logged. */
  created_at: Timestamp,
});

export type LoggedEvent = z.infer<typeof LoggedEvent>;

/** `POST /v1/events`: publishes an event of a registered type. */
export const PublishEventRequest = z.strictObject({
  type: z.string().min(1).max(100),
  /** What it says; the type's schema decides. */
  data: z
    .record(z.string(), z.unknown())
    .check(checkStorable)
    .refine((data) => byteLength(JSON.stringify(data)) <= MAX_DATA_BYTES, {
      error: "expected at most 16 KiB of JSON; put what is larger elsewhere and say where",
    }),
  /** The task that it belongs to: endpoints' filters by task type and tag apply. */
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

/** A page of the log. It may have few rows, or none, and a next page: a call looks at 1,000 events. */
export const EventPage = pageOf(LoggedEvent).extend({
  /** Where the log goes on behind this page; also on the last one, for who follows it. */
  end_cursor: z.string(),
});

export type EventPage = z.infer<typeof EventPage>;

/** The query of `GET /v1/webhooks/{webhook_id}/poll`. */
export const PollQuery = z.strictObject({
  cursor: PageRequest.cursor,
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).optional(),
});

/** What an endpoint would have been sent, for who fetches it instead. */
export const PolledEvents = z.object({
  events: z.array(LoggedEvent),
  /** What the next poll sends, whether there was anything or not. */
  next_cursor: z.string(),
  /** Whether there was nothing more at this moment. */
  done: z.boolean(),
});

export type PolledEvents = z.infer<typeof PolledEvents>;

function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
