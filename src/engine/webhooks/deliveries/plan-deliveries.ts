import type { DeliveryRecord, EventRecord, Hold } from "../../../ports/delivery-store.ts";
import type { ReachableEndpoint } from "../../../ports/endpoint-store.ts";
import { deliveryIdOf } from "../delivery-id.ts";
import { sealedPartsOf } from "../secrets.ts";
import type { ServiceContext } from "../../context.ts";
import { bestEffort } from "../../best-effort.ts";
import { endpointHold, mayCarrySnapshot } from "./holds.ts";
import { flowControlOf, type PublishedAttempt } from "./publish-attempts.ts";
import { RELAY_AFTER_MS } from "./relay-time.ts";

/** Deliveries per write. */
const DELIVERIES_PER_WRITE = 1000;

/** Messages per publish: with payloads of at most 20 KB, the request stays near 1 MB. */
const MESSAGES_PER_PUBLISH = 50;

/** A delivery as stored, and its first attempt's message; null if it is held. */
export type PlannedDelivery = {
  readonly record: DeliveryRecord;
  readonly attempt: PublishedAttempt | null;
};

/**
 * A delivery of an event to an endpoint: its id is derived from both, so creating it twice has no
 * effect.
 */
export async function planDelivery(
  endpoint: ReachableEndpoint,
  event: EventRecord,
  payload: string,
  now: Date,
): Promise<PlannedDelivery> {
  const id = await deliveryIdOf(event._id, endpoint._id);
  const hold = endpointHold(endpoint, id);
  const record = newDelivery({ id, targetId: endpoint._id, event, hold, now });
  if (hold !== null) return { record, attempt: null };
  const snapshot = {
    namespace_id: event.namespace_id,
    webhook_id: endpoint._id,
    event_id: event._id,
    url: endpoint.url,
    ...sealedPartsOf(endpoint, now),
    payload,
  };
  const message = {
    delivery_id: id,
    attempt: 1,
    snapshot: mayCarrySnapshot(endpoint) ? snapshot : null,
  };
  return {
    record,
    attempt: { message, options: { deduplicationId: `${id}-1`, ...flowControlOf(endpoint) } },
  };
}

/** A delivery before its first attempt, which is due at once. */
export function newDelivery({
  id,
  targetId,
  event,
  hold = null,
  isTest = false,
  now,
}: {
  readonly id: string;
  readonly targetId: string;
  readonly event: Pick<EventRecord, "_id" | "namespace_id" | "type" | "task_id" | "sequence">;
  readonly hold?: Hold | null;
  readonly isTest?: boolean;
  readonly now: Date;
}): DeliveryRecord {
  return {
    _id: id,
    namespace_id: event.namespace_id,
    webhook_id: targetId,
    event_id: event._id,
    event_type: event.type,
    task_id: event.task_id,
    is_test: isTest,
    sequence: event.sequence,
    state: "PENDING",
    hold,
    error_message: null,
    attempt_count: 0,
    attempts: [],
    schedule_from: 0,
    resend_key: null,
    next_attempt_at: now,
    relay_at: new Date(now.getTime() + RELAY_AFTER_MS),
    created_at: now,
    updated_at: now,
  };
}

/**
 * Stores deliveries in the given order, then publishes them. If the queue is down, or after a crash
 * in between, the relay publishes what is stored (P3).
 */
export async function storeDeliveries(
  ctx: ServiceContext,
  planned: readonly PlannedDelivery[],
): Promise<void> {
  for (let start = 0; start < planned.length; start += DELIVERIES_PER_WRITE) {
    await storeSome(ctx, planned.slice(start, start + DELIVERIES_PER_WRITE));
  }
}

async function storeSome(ctx: ServiceContext, planned: readonly PlannedDelivery[]): Promise<void> {
  await ctx.stores.deliveries.insertMany(planned.map(({ record }) => record));
  const attempts = planned.flatMap(({ attempt }) => attempt ?? []);
  await bestEffort(ctx, { log: "the relay publishes the deliveries" }, async () => {
    for (let start = 0; start < attempts.length; start += MESSAGES_PER_PUBLISH) {
      const some = attempts.slice(start, start + MESSAGES_PER_PUBLISH);
      await ctx.stores.queue.publishDeliveries(some);
    }
  });
}
