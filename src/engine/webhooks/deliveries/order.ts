import type { DeliverySummaryRecord, OrderedDelivery } from "../../../ports/delivery-store.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import { deliveryIdOf } from "../delivery-id.ts";
import { isSubscribed } from "../../events/match.ts";
import type { ServiceContext } from "../../context.ts";
import { publishAttempts } from "./publish-attempts.ts";
import { RELAY_AFTER_MS } from "./relay-time.ts";

/** The place of a delivery of a task's event in the order. */
type SequencedDelivery = Pick<DeliverySummaryRecord, "_id" | "webhook_id" | "task_id" | "sequence">;

/**
 * Whether a delivery to an endpoint with `ordering: "task"` has to wait for an earlier event of its
 * task: one that is pending or a dead letter, or one that has no delivery yet.
 *
 * The order of the two looks matters, or a later event could overtake: an event leaves its task's
 * outbox only after its deliveries to all endpoints were stored and acknowledged. Two dispatches of
 * one task, a dispatch that died between two writes, and an unordered insert of which only the
 * later half was applied can all leave a delivery without its predecessor, but only while the
 * predecessor's event is in the outbox. So an event that is neither in the outbox nor has a
 * delivery was not meant for this endpoint. An event in the outbox holds nothing up if the endpoint
 * doesn't subscribe to it, or if its delivery exists; then that delivery's state decides.
 */
export async function isBlocked(
  ctx: ServiceContext,
  delivery: SequencedDelivery,
  webhook: EndpointRecord,
): Promise<boolean> {
  const placed = placeOf(delivery, webhook);
  if (placed === null) return false;
  const { tasks, deliveries } = ctx.stores;
  const waiting = await tasks.pendingEventsBefore(placed.task_id, placed.sequence);
  const expected = await Promise.all(
    waiting
      .filter((event) => isSubscribed(webhook, event))
      .map((event) => deliveryIdOf(event.event_id, webhook._id)),
  );
  if (expected.length > 0) {
    const made = await deliveries.existing(expected);
    if (made.length < expected.length) return true;
  }
  return deliveries.hasUnsettledBefore(placed);
}

/**
 * Releases the task's next event once a delivery is settled: DELIVERED or SKIPPED. The settled
 * delivery is the reminder: the write that settled it set its relay time, which is cleared only
 * here, so cron wakes the next delivery if this call dies. Waking may happen twice.
 */
export async function wakeNext(
  ctx: ServiceContext,
  settled: SequencedDelivery,
  webhook: EndpointRecord,
): Promise<void> {
  const placed = placeOf(settled, webhook);
  const next = placed === null ? null : await ctx.stores.deliveries.nextUnsettled(placed);
  const now = ctx.runtime.now();
  // A delivery that isn't held has its own message; a writer about to hold it looks once more.
  if (next?.hold === "order") {
    await ctx.stores.deliveries.release([next], now, RELAY_AFTER_MS);
    await publishAttempts(ctx, [next], new Map([[webhook._id, webhook]]), {
      now,
      mark: `o${settled.sequence}`,
    });
  }
  await ctx.stores.deliveries.forgetRelay(settled._id);
}

/**
 * A delivery's place; null when the endpoint wants no order or the event has no sequence. An event
 * published for a task (`POST /v1/events`) is not numbered, so it has no place.
 */
export function placeOf(
  delivery: SequencedDelivery,
  { ordering }: Pick<EndpointRecord, "ordering">,
): OrderedDelivery | null {
  const { task_id, sequence } = delivery;
  const hasPlace = ordering === "task" && task_id !== null && sequence > 0;
  return hasPlace ? { ...delivery, task_id } : null;
}
