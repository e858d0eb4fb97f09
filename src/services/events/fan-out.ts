import type { DeliveryRecord, EventRecord } from "../../ports/delivery-store.ts";
import type { DeliveryMessage } from "../../ports/queue.ts";
import type { WebhookRecord } from "../../ports/webhook-store.ts";
import { deliveryIdOf } from "../../webhooks/delivery-id.ts";
import { matchesEventType } from "../../contract/event.ts";
import { isSubscribed } from "../../webhooks/match.ts";
import { buildPayload } from "../../webhooks/payload.ts";
import type { ServiceContext } from "../context.ts";
import { subscriberTarget } from "../deliveries/subscriber.ts";
import { RELAY_AFTER_MS } from "../deliveries/relay-time.ts";
import { unlessUnavailable } from "./unless-unavailable.ts";

const ENDPOINTS_PER_PAGE = 200;

/**
 * What one step does at most, so that it stays far from the limits of an invocation (CPU time, and
 * calls to other services): at 2,000 deliveries it is some 50 calls. The endpoint that reaches a
 * limit is still served, with all of the events.
 */
const ENDPOINTS_PER_STEP = 1000;
const DELIVERIES_PER_STEP = 2000;

/** Deliveries in one write: many events to many endpoints are many. */
const DELIVERIES_PER_WRITE = 1000;

/** Messages in one publish: with payloads of 20 KB at most, the request stays near 1 MB. */
const MESSAGES_PER_PUBLISH = 50;

/** A delivery as it is stored, and its first attempt's message. */
type PlannedDelivery = { readonly record: DeliveryRecord; readonly message: DeliveryMessage };

/** What one step came to: how many deliveries, and behind which endpoint the next goes on; null: it was the last. */
export type FanOutStep = { readonly deliveries: number; readonly next: string | null };

/**
 * Makes a delivery of each event for each subscriber in code, and for each endpoint that is in
 * service and subscribed to it, from
 * the endpoint behind `after` on in order of id (null: the first), as far as one step goes. All
 * events are of one namespace. Each page is stored before it is published: with the queue down, or
 * a crash in between, the relay publishes what is stored.
 *
 * An endpoint is judged as it is when the walk gets to it: one that was deleted, paused or changed
 * before that is treated as such; one that was made since the events happened gets none of them.
 *
 * For each endpoint the events are written together and in the order given, which first-in-first-out
 * delivery relies on: a task's later event never has a delivery before an earlier one has.
 */
export async function fanOut(
  ctx: ServiceContext,
  events: readonly EventRecord[],
  after: string | null,
): Promise<FanOutStep> {
  const namespaceId = events[0]?.namespace_id;
  if (namespaceId === undefined) return { deliveries: 0, next: null };
  const payloads = new Map<string, string>();
  const payloadOf = (event: EventRecord) => {
    const payload = payloads.get(event._id) ?? buildPayload(event, ctx.config.publicUrl);
    payloads.set(event._id, payload);
    return payload;
  };
  let deliveries = 0;
  let endpoints = 0;
  let lastId = after;
  for (;;) {
    const page: readonly WebhookRecord[] = await ctx.stores.webhooks.activeAfter(
      namespaceId,
      lastId,
      ENDPOINTS_PER_PAGE,
    );
    const taken = takeWithin(DELIVERIES_PER_STEP - deliveries, page, events);
    const now = ctx.runtime.now();
    const planned = await Promise.all([
      // In the first step only, and before the endpoints.
      ...(lastId === null ? planForSubscribers(ctx, events, now) : []),
      ...taken.flatMap(({ endpoint, wanted }) =>
        wanted.map((event) => plan(endpoint, event, payloadOf(event), now)),
      ),
    ]);
    await store(ctx, planned);
    deliveries += planned.length;
    endpoints += taken.length;
    lastId = taken.at(-1)?.endpoint._id ?? lastId;
    if (taken.length === page.length && page.length < ENDPOINTS_PER_PAGE) {
      return { deliveries, next: null };
    }
    if (deliveries >= DELIVERIES_PER_STEP || endpoints >= ENDPOINTS_PER_STEP) {
      return { deliveries, next: lastId };
    }
  }
}

/** An endpoint and the events that it subscribed to. */
type Taken = { readonly endpoint: WebhookRecord; readonly wanted: readonly EventRecord[] };

/** The first endpoints of a page, up to the one with which there are as many deliveries. */
function takeWithin(
  deliveries: number,
  page: readonly WebhookRecord[],
  events: readonly EventRecord[],
): readonly Taken[] {
  const taken: Taken[] = [];
  let count = 0;
  for (const endpoint of page) {
    if (count >= deliveries) break;
    const wanted = events.filter((event) => isSubscribed(endpoint, event));
    taken.push({ endpoint, wanted });
    count += wanted.length;
  }
  return taken;
}

async function store(ctx: ServiceContext, planned: readonly PlannedDelivery[]): Promise<void> {
  for (let start = 0; start < planned.length; start += DELIVERIES_PER_WRITE) {
    await storeSome(ctx, planned.slice(start, start + DELIVERIES_PER_WRITE));
  }
}

async function storeSome(ctx: ServiceContext, planned: readonly PlannedDelivery[]): Promise<void> {
  await ctx.stores.deliveries.insertMany(planned.map(({ record }) => record));
  await unlessUnavailable(ctx, "the relay publishes the deliveries", async () => {
    for (let start = 0; start < planned.length; start += MESSAGES_PER_PUBLISH) {
      await ctx.stores.queue.publishDeliveries(
        planned.slice(start, start + MESSAGES_PER_PUBLISH).map(({ record, message }) => ({
          message,
          options: { deduplicationId: `${record._id}-1` },
        })),
      );
    }
  });
}

/** The deliveries to the deployment's own subscribers, which read what they need themselves. */
function planForSubscribers(
  ctx: ServiceContext,
  events: readonly EventRecord[],
  now: Date,
): readonly Promise<PlannedDelivery>[] {
  return [...ctx.subscribers.values()].flatMap(({ name, eventTypes }) =>
    events
      .filter(({ type }) => eventTypes.some((pattern) => matchesEventType(pattern, type)))
      .map(async (event) => {
        const record = await recordOf(subscriberTarget(name), event, now);
        return { record, message: { delivery_id: record._id, attempt: 1, snapshot: null } };
      }),
  );
}

/** A delivery before its first attempt. */
async function recordOf(targetId: string, event: EventRecord, now: Date): Promise<DeliveryRecord> {
  const deliveryId = await deliveryIdOf(event._id, targetId);
  const record: DeliveryRecord = {
    _id: deliveryId,
    namespace_id: event.namespace_id,
    webhook_id: targetId,
    event_id: event._id,
    event_type: event.type,
    task_id: event.task_id,
    state: "PENDING",
    error_message: null,
    attempt_count: 0,
    attempts: [],
    next_attempt_at: now,
    relay_at: new Date(now.getTime() + RELAY_AFTER_MS),
    created_at: now,
    updated_at: now,
  };
  return record;
}

async function plan(
  endpoint: WebhookRecord,
  event: EventRecord,
  payload: string,
  now: Date,
): Promise<PlannedDelivery> {
  const record = await recordOf(endpoint._id, event, now);
  const snapshot = {
    namespace_id: event.namespace_id,
    webhook_id: endpoint._id,
    event_id: event._id,
    url: endpoint.url,
    headers: endpoint.headers,
    sealed_secrets: endpoint.sealed_secrets,
    payload,
    failing: endpoint.failing_since !== null,
  };
  return { record, message: { delivery_id: record._id, attempt: 1, snapshot } };
}
