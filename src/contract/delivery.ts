import { z } from "zod";
import { oneOrMany, PageRequest, Timestamp, TimeRange } from "./common.ts";
import { DeliveryId, EventId, NamespaceId, TaskId, WebhookId } from "./ids.ts";

/** PENDING: an attempt is due; COMPLETED: the endpoint answered 2xx; FAILED: in the dead letters. */
export const DeliveryStatus = z.enum(["PENDING", "COMPLETED", "FAILED"]);

export type DeliveryStatus = z.infer<typeof DeliveryStatus>;

/** One attempt at a delivery, as it went. */
export const DeliveryAttempt = z.object({
  /** From 1. The same number twice: the queue delivered its message twice. */
  attempt: z.int(),
  at: Timestamp,
  latency_ms: z.int(),
  /** Null when there was no answer. */
  response_status: z.int().nullable(),
  /** The first 4 KiB of the answer. */
  response_body: z.string().nullable(),
  error: z.string().nullable(),
});

/** One event on its way to one endpoint, or to a subscriber in code, as lists show it. */
export const DeliverySummary = z.object({
  delivery_id: DeliveryId,
  namespace_id: NamespaceId,
  /** Null for a delivery to a subscriber in the deployment's own code. */
  webhook_id: WebhookId.nullable(),
  /** That subscriber's name; null for a delivery to an endpoint. */
  subscriber: z.string().nullable(),
  event_id: EventId,
  event_type: z.string(),
  task_id: TaskId.nullable(),
  status: DeliveryStatus,
  /** Why it FAILED; null otherwise. */
  error_message: z.string().nullable(),
  /** How many attempts were made. */
  attempt_count: z.int(),
  next_attempt_at: Timestamp.nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type DeliverySummary = z.infer<typeof DeliverySummary>;

/** One event on its way to one endpoint, with each attempt. */
export const Delivery = DeliverySummary.extend({ attempts: z.array(DeliveryAttempt) });

export type Delivery = z.infer<typeof Delivery>;

/** `POST /v1/webhooks/{webhook_id}/deliveries/list`. */
export const DeliveryListRequest = z.strictObject({
  status: oneOrMany(DeliveryStatus).optional(),
  task_id: TaskId.optional(),
  created_at: TimeRange.optional(),
  ...PageRequest,
});

export type DeliveryListRequest = z.infer<typeof DeliveryListRequest>;
