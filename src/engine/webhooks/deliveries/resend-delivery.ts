import type { ErrorCode } from "../../../contract/problem.ts";
import type { DeliveryRecord } from "../../../ports/delivery-store.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { DomainError } from "../../errors.ts";
import { getDelivery } from "./read-deliveries.ts";
import { MAX_LOGGED_ATTEMPTS, reopenDeliveries, reopenRefusal } from "./reopen-deliveries.ts";
import { testEventOf } from "./test-event.ts";

/**
 * Resends one delivery, whether it arrived or is a dead letter: it keeps its `webhook-id`, its log
 * and its attempt numbers, and starts a fresh schedule. While it is pending, and for any later call
 * with the same key, the delivery is returned unchanged. Throws `not_found`, `webhook_not_active`,
 * `webhook_has_no_url` and `delivery_not_resendable`.
 */
export async function resendDelivery({
  ctx,
  input: { deliveryId, key },
}: {
  ctx: NamespaceContext;
  input: {
    readonly deliveryId: string;
    /** The caller's `Idempotency-Key`; null without one. */
    readonly key: string | null;
  };
}): Promise<DeliveryRecord> {
  const { stores, namespace, runtime } = ctx;
  const delivery = await getDelivery({ ctx, input: { deliveryId } });
  if (delivery.state === "PENDING") return delivery;
  if (key !== null && delivery.resend_key === key) return delivery;
  const [webhook, event] = await Promise.all([
    stores.webhooks.find(namespace._id, delivery.webhook_id),
    delivery.is_test ? testEventOf(ctx, delivery) : stores.events.get(delivery.event_id),
  ]);
  const code = reopenRefusal(delivery, webhook);
  if (code !== null) throw new DomainError(code, whyNot(code, webhook));
  if (event === null) {
    throw new DomainError("delivery_not_resendable", "Its event is no longer kept.");
  }
  const webhooks = new Map(webhook === null ? [] : [[webhook._id, webhook]]);
  const newKey = key ?? runtime.newId("delivery");
  await reopenDeliveries({ ctx, deliveries: [delivery], webhooks, key: newKey });
  return getDelivery({ ctx, input: { deliveryId } });
}

function whyNot(code: ErrorCode, webhook: EndpointRecord | null): string {
  if (code === "delivery_not_resendable") {
    return `It was attempted ${MAX_LOGGED_ATTEMPTS} times, which is as much as its log holds.`;
  }
  if (code === "webhook_has_no_url")
    return "Its endpoint has no URL any more. PATCH a `url` first.";
  if (webhook === null) return "Its endpoint was removed. Make another and replay to that one.";
  const reason = webhook.status_reason ?? "no reason given";
  return `Its endpoint is ${webhook.status}: ${reason}. Resume it first.`;
}
