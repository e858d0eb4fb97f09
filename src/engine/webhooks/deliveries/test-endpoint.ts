import type { TestWebhookRequest } from "../../../contract/delivery.ts";
import type { DeliveryRecord } from "../../../ports/delivery-store.ts";
import { deliveryIdOf } from "../delivery-id.ts";
import type { NamespaceContext } from "../../context.ts";
import { getEndpoint, requireUrl } from "../endpoints/read-endpoints.ts";
import { newDelivery, storeDeliveries } from "./plan-deliveries.ts";
import { flowControlOf } from "./publish-attempts.ts";
import { requireExample, typeToTest } from "./test-type.ts";

/**
 * Sends an example to an endpoint the way every event is sent: stored, queued, signed, logged. The
 * endpoint's status doesn't matter, so a suspended one can be tested before it is resumed. There is
 * one attempt, and it changes nothing about the endpoint (`record-test.ts`). Throws `not_found`,
 * `webhook_has_no_url`, and `invalid_request` for an unknown type, or one without an example.
 */
export async function testEndpoint({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: TestWebhookRequest & { readonly webhookId: string };
}): Promise<DeliveryRecord> {
  const webhook = requireUrl(await getEndpoint({ ctx, input }));
  const eventType = input.type ?? (await typeToTest(ctx, webhook.event_types));
  await requireExample(ctx, eventType);
  const now = ctx.runtime.now();
  const eventId = ctx.runtime.newId("event");
  const id = await deliveryIdOf(eventId, webhook._id);
  const { namespace_id } = webhook;
  // No event of a task has this sequence: they count from 1.
  const event = { _id: eventId, namespace_id, type: eventType, task_id: null, sequence: 0 };
  const record = newDelivery({ id, targetId: webhook._id, event, isTest: true, now });
  const message = { delivery_id: id, attempt: 1, snapshot: null };
  const options = { deduplicationId: `${id}-1`, ...flowControlOf(webhook) };
  await storeDeliveries(ctx, [{ record, attempt: { message, options } }]);
  return record;
}
