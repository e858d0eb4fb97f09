import type { DeliveryRecord, EventRecord } from "../../ports/delivery-store.ts";
import type { WebhookRecord } from "../../ports/webhook-store.ts";
import { deliveryIdOf } from "../../webhooks/delivery-id.ts";
import { isSubscribed, wantedBy } from "../../webhooks/match.ts";
import { buildPayload } from "../../webhooks/payload.ts";
import type { ServiceContext } from "../context.ts";
import { endpointHold, mayCarrySnapshot } from "../deliveries/holds.ts";
import { flowControlOf, type PublishedAttempt } from "../deliveries/publish-attempts.ts";
import { RELAY_AFTER_MS } from "../deliveries/relay-time.ts";
import { unlessUnavailable } from "./unless-unavailable.ts";

const ENDPOINTS_PER_PAGE = 200;

/** Deliveries in one write: many events to many endpoints are many. */
const DELIVERIES_PER_WRITE = 1000;

/** Messages in one publish: with payloads of 20 KB at most, the request stays near 1 MB. */
const MESSAGES_PER_PUBLISH = 50;

/** A delivery as it is stored, and its first attempt's message; null for one that is held. */
type PlannedDelivery = {
  readonly record: DeliveryRecord;
  readonly attempt: PublishedAttempt | null;
};

/**
 * Makes a delivery of each event for each endpoint that is in service, or paused, and subscribed to
 * it, a page of endpoints at a time; how many. All events are of one namespace. Each page is stored before it
 * is published: with the queue down, or a crash in between, the relay publishes what is stored.
 */
export async function fanOut(ctx: ServiceContext, events: readonly EventRecord[]): Promise<number> {
  const namespaceId = events[0]?.namespace_id;
  if (namespaceId === undefined) return 0;
  const payloads = new Map<string, string>();
  const payloadOf = (event: EventRecord) => {
    const payload = payloads.get(event._id) ?? buildPayload(event);
    payloads.set(event._id, payload);
    return payload;
  };
  const wanted = wantedBy(events);
  let count = 0;
  let lastId: string | null = null;
  for (;;) {
    const page: readonly WebhookRecord[] = await ctx.stores.webhooks.receiversAfter(
      namespaceId,
      lastId,
      ENDPOINTS_PER_PAGE,
      wanted,
    );
    const now = ctx.runtime.now();
    const planned = await Promise.all(
      page.flatMap((endpoint) =>
        events
          .filter((event) => isSubscribed(endpoint, event))
          .map((event) => plan(endpoint, event, payloadOf(event), now)),
      ),
    );
    await store(ctx, planned);
    count += planned.length;
    lastId = page.at(-1)?._id ?? null;
    if (page.length < ENDPOINTS_PER_PAGE) return count;
  }
}

async function store(ctx: ServiceContext, planned: readonly PlannedDelivery[]): Promise<void> {
  for (let start = 0; start < planned.length; start += DELIVERIES_PER_WRITE) {
    await storeSome(ctx, planned.slice(start, start + DELIVERIES_PER_WRITE));
  }
}

async function storeSome(ctx: ServiceContext, planned: readonly PlannedDelivery[]): Promise<void> {
  await ctx.stores.deliveries.insertMany(planned.map(({ record }) => record));
  const attempts = planned.flatMap(({ attempt }) => attempt ?? []);
  await unlessUnavailable(ctx, "the relay publishes the deliveries", async () => {
    for (let start = 0; start < attempts.length; start += MESSAGES_PER_PUBLISH) {
      const some = attempts.slice(start, start + MESSAGES_PER_PUBLISH);
      await ctx.stores.queue.publishDeliveries(some);
    }
  });
}

async function plan(
  endpoint: WebhookRecord,
  event: EventRecord,
  payload: string,
  now: Date,
): Promise<PlannedDelivery> {
  const deliveryId = await deliveryIdOf(event._id, endpoint._id);
  const hold = endpointHold(endpoint, deliveryId);
  const record: DeliveryRecord = {
    _id: deliveryId,
    namespace_id: event.namespace_id,
    webhook_id: endpoint._id,
    event_id: event._id,
    event_type: event.type,
    task_id: event.task_id,
    sequence: event.sequence,
    state: "PENDING",
    hold,
    error_message: null,
    attempt_count: 0,
    attempts: [],
    next_attempt_at: now,
    relay_at: new Date(now.getTime() + RELAY_AFTER_MS),
    created_at: now,
    updated_at: now,
  };
  const snapshot = {
    namespace_id: event.namespace_id,
    webhook_id: endpoint._id,
    event_id: event._id,
    url: endpoint.url,
    headers: endpoint.headers,
    sealed_secrets: endpoint.sealed_secrets,
    payload,
  };
  const attempt: PublishedAttempt = {
    message: {
      delivery_id: deliveryId,
      attempt: 1,
      snapshot: mayCarrySnapshot(endpoint) ? snapshot : null,
    },
    options: { deduplicationId: `${deliveryId}-1`, ...flowControlOf(endpoint) },
  };
  return { record, attempt: hold === null ? attempt : null };
}
