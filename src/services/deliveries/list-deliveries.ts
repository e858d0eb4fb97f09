import type { DeliveryListRequest } from "../../contract/delivery.ts";
import type { DeliverySummaryRecord } from "../../ports/delivery-store.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { NamespaceContext } from "../context.ts";
import { asList, createdRange, pageOptions } from "../paging.ts";
import { stateOf } from "./present-delivery.ts";

/**
 * One page of the deliveries to an endpoint, in one read: an endpoint that was removed still shows
 * what was sent to it, and one that never was has an empty list. Throws `invalid_cursor`.
 */
export async function listDeliveries({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: DeliveryListRequest & { readonly webhookId: string };
}): Promise<Page<DeliverySummaryRecord>> {
  return ctx.stores.deliveries.list(
    ctx.namespace._id,
    {
      webhookId: input.webhookId,
      taskId: input.task_id,
      states: asList(input.status)?.map((status) => stateOf(status)),
      ...createdRange(input.created_at),
    },
    pageOptions(input),
  );
}
