import type { DeliverySummaryRecord, OrderedDelivery } from "../../../ports/delivery-store.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import { deliveryIdOf } from "../delivery-id.ts";
import { isSubscribed } from "../../events/match.ts";
import type { ServiceContext } from "../../context.ts";
import { publishAttempts } from "./publish-attempts.ts";
import { RELAY_AFTER_MS } from "./relay-time.ts";

/** What has a place in an order: a delivery of a task's event. */
type SequencedDelivery = Pick<DeliverySummaryRecord, "_id" | "webhook_id" | "task_id" | "sequence">;

/**
 * Whether a delivery to an endpoint with `ordering: "task"` has to wait for an earlier event of its
 * task: one that is on its way or in the dead letters, or one of which no delivery exists yet.
 *
 * The second look needs the first one before it, or a later event could overtake: an event leaves
 * its task's outbox only when its deliveries to all endpoints were stored and acknowledged. Two
 * dispatches of one task, a dispatch that died between two writes, and an unordered insert of which
 * only the later half was applied can all leave a delivery without its forerunner, but only as long
 * as the forerunner's event is in the outbox. So whatever is neither in the outbox nor a delivery
 * was not meant for this endpoint, and stays so. An event in the outbox holds nothing up when the
 * endpoint doesn't subscribe to it, or when its delivery is there: then that one's state decides.
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
 * Lets the next event of the task go once a delivery is settled: DELIVERED or SKIPPED. The settled
 * one is its reminder: its relay time was set by the write that settled it, and is forgotten only
 * here, so that cron wakes the next when whoever should have done so died. Waking may happen twice.
 */
export async function wakeNext(
  ctx: ServiceContext,
  settled: SequencedDelivery,
  webhook: EndpointRecord,
): Promise<void> {
  const placed = placeOf(settled, webhook);
  const next = placed === null ? null : await ctx.stores.deliveries.nextUnsettled(placed);
  const now = ctx.runtime.now();
  // Its own message is on its way to one that isn't held; who is about to hold it looks once more.
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
 * A delivery's place; null when the endpoint wants no order, or there is none to keep. An event that
 * was published for a task (`POST /v1/events`) is not among its numbered ones: it has no place.
 */
export function placeOf(
  delivery: SequencedDelivery,
  { ordering }: Pick<EndpointRecord, "ordering">,
): OrderedDelivery | null {
  const { task_id, sequence } = delivery;
  const hasPlace = ordering === "task" && task_id !== null && sequence > 0;
  return hasPlace ? { ...delivery, task_id } : null;
}
