import type { DeliveryListRequest } from "../../../contract/delivery.ts";
import type { DeliveryRowRecord } from "../../../ports/delivery-store.ts";
import type { Page } from "../../../ports/resource-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { asList, pageOptions } from "../../paging.ts";
import { requireKnownTypes } from "../../events/types/require-known-types.ts";
import { getWebhook } from "../endpoints/get-webhook.ts";
import { deliveryFilter } from "./delivery-filter.ts";

/**
 * One page of a namespace's deliveries, with their attempts when the request asks for them. One
 * read. Throws `invalid_cursor`, and `invalid_request` for an event type that there isn't.
 */
export async function listDeliveries({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: DeliveryListRequest;
}): Promise<Page<DeliveryRowRecord>> {
  const patterns = asList(input.event_type) ?? [];
  await requireKnownTypes({ ctx, patterns, path: () => "event_type", scope: "all" });
  return ctx.stores.deliveries.list(
    ctx.namespace._id,
    deliveryFilter(input),
    pageOptions(input),
    input.include_attempts,
  );
}

/**
 * One page of the deliveries to an endpoint: one that was removed still shows what was sent to it.
 * One read, and another only when nothing was found. Throws `not_found` (there is neither such an
 * endpoint nor a delivery to it) and `invalid_cursor`.
 */
export async function listWebhookDeliveries({
  ctx,
  input: { webhookId, ...input },
}: {
  ctx: NamespaceContext;
  input: Omit<DeliveryListRequest, "webhook_id"> & { readonly webhookId: string };
}): Promise<Page<DeliveryRowRecord>> {
  const page = await listDeliveries({ ctx, input: { ...input, webhook_id: webhookId } });
  if (page.rows.length === 0) await getWebhook({ ctx, input: { webhookId } });
  return page;
}
