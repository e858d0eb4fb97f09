import type { TestWebhookRequest } from "../../contract/delivery.ts";
import type { DeliveryRecord } from "../../ports/delivery-store.ts";
import { deliveryIdOf } from "../../webhooks/delivery-id.ts";
import type { NamespaceContext } from "../context.ts";
import { unlessUnavailable } from "../events/unless-unavailable.ts";
import { getWebhook } from "../webhooks/get-webhook.ts";
import { flowControlOf } from "./publish-attempts.ts";
import { RELAY_AFTER_MS } from "./relay-time.ts";
import { requireExample, typeToTest } from "./test-type.ts";

/**
 * Sends an endpoint an example, by the way that every event goes: stored, queued, signed, logged.
 * Whatever the endpoint's status: one that is out of service is tested before it is resumed. There
 * is one attempt, and it changes nothing about the endpoint (`record-test.ts`). Throws `not_found`,
 * and `invalid_request` for a type that there is not, or that has no example.
 */
export async function testWebhook({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: TestWebhookRequest & { readonly webhookId: string };
}): Promise<DeliveryRecord> {
  const webhook = await getWebhook({ ctx, input });
  const eventType = input.type ?? (await typeToTest(ctx, webhook.event_types));
  await requireExample(ctx, eventType);
  const now = ctx.runtime.now();
  const eventId = ctx.runtime.newId("event");
  const delivery: DeliveryRecord = {
    _id: await deliveryIdOf(eventId, webhook._id),
    namespace_id: webhook.namespace_id,
    webhook_id: webhook._id,
    event_id: eventId,
    event_type: eventType,
    task_id: null,
    is_test: true,
    sequence: 0,
    state: "PENDING",
    hold: null,
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
  await ctx.stores.deliveries.insertMany([delivery]);
  await unlessUnavailable(ctx, "the relay publishes the test", () =>
    ctx.stores.queue.publishDeliveries([
      {
        message: { delivery_id: delivery._id, attempt: 1, snapshot: null },
        options: { deduplicationId: `${delivery._id}-1`, ...flowControlOf(webhook) },
      },
    ]),
  );
  return delivery;
}
