import { z } from "zod";
import { BulkOptions, InsteadOfFilters, withSomeFilter } from "./bulk.ts";
import { oneOrMany, PageRequest, Pagination, Timestamp, TimeRange } from "./common.ts";
import { EventTypePattern } from "./event.ts";
import { DeliveryId, EventId, NamespaceId, TaskId, WebhookId } from "./ids.ts";

/**
 * PENDING: an attempt is due, or held; COMPLETED: the endpoint answered 2xx; FAILED: it is a dead
 * letter; SKIPPED: the endpoint's owner gave it up.
 */
export const DeliveryStatus = z.enum(["PENDING", "COMPLETED", "FAILED", "SKIPPED"]);

export type DeliveryStatus = z.infer<typeof DeliveryStatus>;

/** One attempt at a delivery and its outcome. */
export const DeliveryAttempt = z.object({
  /** Starts at 1. The same number appears twice when the queue delivered its message twice. */
  attempt: z.int(),
  at: Timestamp,
  latency_ms: z.int(),
  /** Null when there was no response. */
  response_status: z.int().nullable(),
  /** The response's headers: the first 32, up to 2 KiB, without cookies and credentials. */
  response_headers: z.record(z.string(), z.string()).nullable(),
  /** The first 4 KiB of the response body. */
  response_body: z.string().nullable(),
  error: z.string().nullable(),
});

/** One event on its way to one endpoint, or to a subscriber in code, as lists show it. */
export const DeliverySummary = z.object({
  delivery_id: DeliveryId,
  namespace_id: NamespaceId,
  /** Null for a delivery to a subscriber in the deployment's code. */
  webhook_id: WebhookId.nullable(),
  /** That subscriber's name; null for a delivery to an endpoint. */
  subscriber: z.string().nullable(),
  event_id: EventId,
  event_type: z.string(),
  task_id: TaskId.nullable(),
  /** Whether `POST /v1/webhooks/{webhook_id}/test` sent it; its event never happened. */
  test: z.boolean(),
  status: DeliveryStatus,
  /**
   * Why a PENDING delivery is not attempted: its endpoint is paused, its circuit is open, or an
   * earlier event of the task is still undelivered at an endpoint with `ordering: "task"`. Null
   * when nothing holds it.
   */
  hold: z.enum(["paused", "circuit", "order"]).nullable(),
  /** Why it FAILED or was SKIPPED; null otherwise. */
  error_message: z.string().nullable(),
  /** The number of attempts made. */
  attempt_count: z.int(),
  /** Null also while it is held. */
  next_attempt_at: Timestamp.nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type DeliverySummary = z.infer<typeof DeliverySummary>;

/** One event on its way to one endpoint, with each attempt. */
export const Delivery = DeliverySummary.extend({ attempts: z.array(DeliveryAttempt) });

export type Delivery = z.infer<typeof Delivery>;

/** A row of a list: with the attempts when the request asks for them. */
export const DeliveryRow = DeliverySummary.extend({
  attempts: z.array(DeliveryAttempt).optional(),
});

export type DeliveryRow = z.infer<typeof DeliveryRow>;

/** The response to an attempt: a status, a class of statuses, or none. */
export const ResponseCode = z.string().regex(/^(?:[1-5]\d\d|[1-5]xx|none)$/, {
  error: 'expected an HTTP status such as "503", a class such as "5xx", or "none" for no answer',
});

/** The filters for deliveries, whatever their endpoint and status. */
const Filters = {
  event_id: oneOrMany(EventId).optional(),
  event_type: oneOrMany(EventTypePattern).optional(),
  task_id: oneOrMany(TaskId).optional(),
  /** Matches when any of its attempts got this response. */
  response_code: oneOrMany(ResponseCode).optional(),
  created_at: TimeRange.optional(),
} as const;

const OfWebhook = { webhook_id: oneOrMany(WebhookId).optional() } as const;

const ListOptions = {
  status: oneOrMany(DeliveryStatus).optional(),
  include_attempts: z.boolean().optional(),
  ...PageRequest,
} as const;

/** `POST /v1/webhooks/{webhook_id}/deliveries/list`. */
export const WebhookDeliveryListRequest = z.strictObject({ ...Filters, ...ListOptions });

/** `POST /v1/deliveries/list`. Filters are joined by AND; the values of one filter by OR. */
export const DeliveryListRequest = z.strictObject({
  ...OfWebhook,
  ...Filters,
  ...ListOptions,
});

export type DeliveryListRequest = z.infer<typeof DeliveryListRequest>;

/** `POST /v1/deliveries/retry`: the FAILED ones that at least one filter narrows, or else `all` of them. */
export const RetryDeliveriesRequest = z
  .strictObject({ ...OfWebhook, ...Filters, ...InsteadOfFilters, ...BulkOptions })
  .refine(...withSomeFilter({ ...OfWebhook, ...Filters }));

export type RetryDeliveriesRequest = z.infer<typeof RetryDeliveriesRequest>;

/** The result of a retry: a row for each delivery that matched the filters. */
export const RetryDeliveriesOutcome = z.object({
  dry_run: z.boolean(),
  results: z.array(
    z.object({
      delivery_id: DeliveryId,
      webhook_id: WebhookId,
      /** The delivery's status afterwards, or as it is in a dry run. */
      status: DeliveryStatus,
      /** Whether it was queued again, or would be. */
      accepted: z.boolean(),
      /** Why not: the error code that a resend would return. */
      code: z.string().nullable(),
    }),
  ),
  pagination: Pagination,
});

export type RetryDeliveriesOutcome = z.infer<typeof RetryDeliveriesOutcome>;

/** `POST /v1/webhooks/{webhook_id}/test`; the body may be absent. */
export const TestWebhookRequest = z.strictObject({
  /**
   * The event type of the example; may be a registered type. By default, the first type that the
   * endpoint subscribes to.
   */
  type: z.string().max(128).optional(),
});

export type TestWebhookRequest = z.infer<typeof TestWebhookRequest>;
