import type { DeliveryRecord } from "../../../ports/delivery-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { actorOf } from "../../principal.ts";
import { DomainError } from "../../errors.ts";
import { bestEffort } from "../../best-effort.ts";
import { getDelivery } from "./read-deliveries.ts";
import { wakeNext } from "./order.ts";
import { RELAY_AFTER_MS } from "./relay-time.ts";

/**
 * Gives up a delivery that is PENDING or a dead letter, so the task's later events continue at an
 * endpoint that wants order. One conditional write: an attempt that ends afterwards is logged and
 * changes nothing. Repeating the call returns the same. Throws `not_found`, and
 * `delivery_not_skippable` for one that was delivered.
 */
export async function skipDelivery({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly deliveryId: string };
}): Promise<DeliveryRecord> {
  const { deliveries, webhooks } = ctx.stores;
  const delivery = await getDelivery({ ctx, input });
  const now = ctx.runtime.now();
  const reason = `skipped by ${actorOf(ctx.principal)}`;
  const relayAt = new Date(now.getTime() + RELAY_AFTER_MS);
  const isSkipped = await deliveries.skip(delivery._id, reason, relayAt, now);
  if (isSkipped) {
    await bestEffort(ctx, { log: "the relay wakes the next delivery of the task" }, async () => {
      const webhook = await webhooks.get(delivery.webhook_id);
      if (webhook === null) await deliveries.forgetRelay(delivery._id);
      else await wakeNext(ctx, delivery, webhook);
    });
  }
  const skipped = await getDelivery({ ctx, input });
  if (skipped.state === "SKIPPED") return skipped;
  throw new DomainError(
    "delivery_not_skippable",
    `The delivery "${delivery._id}" has arrived: there is nothing to skip.`,
  );
}
