import type * as c from "./contract.ts";
import { keyed, of, ofBody, once, type Page, page, remove, safe } from "./route.ts";

/*
 * The routes of events and of endpoints, parts of the table in `routes.ts`. Each by itself: a spread is
 * a side effect to bundlers, and the table would be in the bundle of who only verifies webhooks.
 */

/** Endpoints that events are sent to. */
export const webhooks = {
  /** Makes an endpoint; the answer is the only one that ever shows its `secret`. */
  create: keyed(
    "POST /v1/webhooks",
    ofBody<{ body: c.CreateWebhookRequest; answer: c.CreatedWebhook }>(),
  ),
  get: safe("GET /v1/webhooks/{webhook_id}", of<{ answer: c.Webhook }>()),
  list: page(
    "POST /v1/webhooks/list",
    ofBody<{ body?: c.WebhookListRequest; answer: c.Webhook }>(),
  ),
  /** Changes what is given; `status` pauses or resumes. */
  update: safe(
    "PATCH /v1/webhooks/{webhook_id}",
    ofBody<{ body: c.UpdateWebhookRequest; answer: c.Webhook }>(),
  ),
  /** Replaces the signing secret; the old one signs beside it for a day unless told. */
  rotateSecret: keyed(
    "POST /v1/webhooks/{webhook_id}/rotate-secret",
    ofBody<{ body?: c.RotateSecretRequest; answer: c.RotatedWebhook }>(),
  ),
  pause: safe("POST /v1/webhooks/{webhook_id}/pause", of<{ answer: c.Webhook }>()),
  resume: safe("POST /v1/webhooks/{webhook_id}/resume", of<{ answer: c.Webhook }>()),
  delete: remove("DELETE /v1/webhooks/{webhook_id}", of()),
  /** Sends an endpoint an example, marked as a test. */
  test: once(
    "POST /v1/webhooks/{webhook_id}/test",
    ofBody<{ body?: c.TestWebhookRequest; answer: c.Delivery }>(),
  ),
  /** Sends an endpoint what it missed, up to 1,000 events of the log a call. */
  replay: keyed(
    "POST /v1/webhooks/{webhook_id}/replay",
    ofBody<{ body: c.ReplayRequest; answer: c.ReplayOutcome }>(),
  ),
  /** The endpoint's events, for consumers that can't be reached; continue with `next_cursor`. */
  poll: safe(
    "GET /v1/webhooks/{webhook_id}/poll",
    of<{
      answer: c.PolledEvents;
      query?: { readonly cursor?: string; readonly limit?: number };
    }>(),
  ),
} as const;

/** The log of events. */
export const events = {
  /** Publishes an event of a registered type. */
  publish: keyed(
    "POST /v1/events",
    ofBody<{ body: c.PublishEventRequest; answer: c.LoggedEvent }>(),
  ),
  /** The namespace's log, oldest first. */
  list: page(
    "POST /v1/events/list",
    ofBody<{ body?: c.EventListRequest; answer: c.LoggedEvent }>(),
  ),
  get: safe("GET /v1/events/{event_id}", of<{ answer: c.LoggedEvent }>()),
} as const;

/** The catalogue of events. */
export const eventTypes = {
  /** The catalogue of events, a page of it. */
  catalogue: safe(
    "GET /v1/event-types",
    of<{
      answer: Page<c.EventType>;
      query?: { readonly limit?: number; readonly cursor?: string };
    }>(),
  ),
  list: page(
    "POST /v1/event-types/list",
    ofBody<{ body?: c.EventTypeListRequest; answer: c.EventType }>(),
  ),
  /** `query: { version: 1 }` answers an earlier version of a registered type. */
  get: safe(
    "GET /v1/event-types/{event_type}",
    of<{ answer: c.EventType; query?: { readonly version?: number } }>(),
  ),
  /** Registers a type of your own; another schema makes the next version. */
  put: safe(
    "PUT /v1/event-types/{event_type}",
    ofBody<{ body: c.PutEventTypeRequest; answer: c.EventType }>(),
  ),
  /** Takes a registered type out of service. */
  archive: remove("DELETE /v1/event-types/{event_type}", of()),
} as const;

/** What was sent to endpoints. */
export const deliveries = {
  /** The namespace's deliveries; `FAILED` are the dead letters. */
  list: page(
    "POST /v1/deliveries/list",
    ofBody<{ body?: c.DeliveryListRequest; answer: c.DeliveryRow }>(),
  ),
  /** The deliveries to an endpoint, also to one that was removed. */
  listOfWebhook: page(
    "POST /v1/webhooks/{webhook_id}/deliveries/list",
    ofBody<{ body?: c.WebhookDeliveryListRequest; answer: c.DeliveryRow }>(),
  ),
  /** A delivery with its attempts. */
  get: safe("GET /v1/deliveries/{delivery_id}", of<{ answer: c.Delivery }>()),
  /** Sends a delivery again under the same `webhook-id`. */
  resend: keyed("POST /v1/deliveries/{delivery_id}/resend", of<{ answer: c.Delivery }>()),
  /** Sends up to 100 of the dead letters that a filter meets again. */
  retryMany: keyed(
    "POST /v1/deliveries/retry",
    ofBody<{ body: c.RetryDeliveriesRequest; answer: c.RetryDeliveriesOutcome }>(),
  ),
  /** Gives up a delivery that is PENDING or FAILED, so that what waits for it goes on. */
  skip: safe("POST /v1/deliveries/{delivery_id}/skip", of<{ answer: c.Delivery }>()),
} as const;
