import type { DeliveryListRequest, DeliverySummary } from "../../../contract/delivery.ts";
import type {
  DeliveryRowRecord,
  DeliveryRecord,
  DeliveryFilter,
} from "../../../ports/delivery-store.ts";
import type { Page } from "../../../ports/resource-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { asList, pageOptions, createdRange } from "../../paging.ts";
import { requireKnownTypes } from "../../events/types/require-known-types.ts";
import { getEndpoint } from "../endpoints/read-endpoints.ts";
import { notFound } from "../../errors.ts";
import { presentDeliverySummary, stateOf } from "./present-delivery.ts";

/**
 * One page of a namespace's deliveries, with their attempts when the request asks for them. One
 * read. Throws `invalid_cursor`, and `invalid_request` for an unknown event type.
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
 * One page of the deliveries to an endpoint, even one that was removed. Takes one read, and another
 * only when nothing was found. Throws `not_found` (neither the endpoint nor a delivery to it
 * exists) and `invalid_cursor`.
 */
export async function listEndpointDeliveries({
  ctx,
  input: { webhookId, ...input },
}: {
  ctx: NamespaceContext;
  input: Omit<DeliveryListRequest, "webhook_id"> & { readonly webhookId: string };
}): Promise<Page<DeliveryRowRecord>> {
  const page = await listDeliveries({ ctx, input: { ...input, webhook_id: webhookId } });
  if (page.rows.length === 0) await getEndpoint({ ctx, input: { webhookId } });
  return page;
}

/** A delivery with its attempts. Throws `not_found`, also for one of another namespace. */
export async function getDelivery({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly deliveryId: string };
}): Promise<DeliveryRecord> {
  const delivery = await ctx.stores.deliveries.get(input.deliveryId);
  if (delivery?.namespace_id !== ctx.namespace._id) throw notFound("delivery", input.deliveryId);
  return delivery;
}

/** The maximum number of deliveries in a history; the endpoints' lists have all of them. */
const MAX_DELIVERIES = 1000;

/** The deliveries of a task's events, oldest first, for its history. One read. */
export async function deliveriesOfTask({
  ctx,
  taskId,
}: {
  ctx: NamespaceContext;
  taskId: string;
}): Promise<readonly DeliverySummary[]> {
  const page = await ctx.stores.deliveries.list(
    ctx.namespace._id,
    { taskIds: [taskId] },
    { direction: "ascending", limit: MAX_DELIVERIES, after: null },
  );
  return page.rows.map((delivery) => presentDeliverySummary(delivery));
}

/** The store's filter for a request's filters. */
export function deliveryFilter(
  request: Omit<DeliveryListRequest, "include_attempts">,
): DeliveryFilter {
  return {
    webhookIds: asList(request.webhook_id),
    eventIds: asList(request.event_id),
    eventTypes: asList(request.event_type),
    taskIds: asList(request.task_id),
    states: asList(request.status)?.map((status) => stateOf(status)),
    responseCodes: asList(request.response_code),
    ...createdRange(request.created_at),
  };
}
