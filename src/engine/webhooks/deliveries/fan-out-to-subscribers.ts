import { matchesEventType } from "../../../contract/event.ts";
import type { EventRecord } from "../../../ports/delivery-store.ts";
import type { EventHandler, ServiceContext } from "../../context.ts";
import type { Subscriber } from "../../subscriber.ts";
import { deliveryIdOf } from "../delivery-id.ts";
import { newDelivery, type PlannedDelivery, storeDeliveries } from "./plan-deliveries.ts";
import { subscriberTarget } from "./subscriber-target.ts";

/** Creates a delivery of each event for each subscriber in code that wants it. */
export const SUBSCRIBER_HANDLER: EventHandler = {
  name: "subscribers in code",
  wants: (ctx, _namespaceId, events) =>
    [...ctx.subscribers.values()].some((subscriber) =>
      events.some((event) => isWanted(subscriber, event)),
    ),
  handle: async (ctx, { events }) => {
    const planned = await Promise.all(plan(ctx, events));
    await storeDeliveries(ctx, planned);
    return { deliveries: planned.length, next: null };
  },
};

/** Subscribers' messages carry no snapshot; the attempt reads what it needs. */
function plan(
  ctx: ServiceContext,
  events: readonly EventRecord[],
): readonly Promise<PlannedDelivery>[] {
  const now = ctx.runtime.now();
  return [...ctx.subscribers.values()].flatMap((subscriber) =>
    events
      .filter((event) => isWanted(subscriber, event))
      .map(async (event): Promise<PlannedDelivery> => {
        const targetId = subscriberTarget(subscriber.name);
        const id = await deliveryIdOf(event._id, targetId);
        const message = { delivery_id: id, attempt: 1, snapshot: null };
        return {
          record: newDelivery({ id, targetId, event, now }),
          attempt: { message, options: { deduplicationId: `${id}-1` } },
        };
      }),
  );
}

function isWanted({ eventTypes }: Subscriber, { type }: { readonly type: string }): boolean {
  return eventTypes.some((pattern) => matchesEventType(pattern, type));
}
