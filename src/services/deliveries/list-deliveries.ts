import type { DeliveryListRequest } from "../../contract/delivery.ts";
import type { DeliverySummaryRecord } from "../../ports/delivery-store.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { NamespaceContext } from "../context.ts";
import { getWebhook } from "../webhooks/get-webhook.ts";
import { asList, createdRange, pageOptions } from "../paging.ts";
import { stateOf } from "./present-delivery.ts";

/**
 * One page of the deliveries to an endpoint: one that was removed still shows what was sent to it.
 * One read, and another only when nothing was found. Throws `not_found` (there is neither such an
 * endpoint nor a delivery to it) and `invalid_cursor`.
 */
export async function listDeliveries({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: DeliveryListRequest & { readonly webhookId: string };
}): Promise<Page<DeliverySummaryRecord>> {
  const page = await ctx.stores.deliveries.list(
    ctx.namespace._id,
    {
      webhookId: input.webhookId,
      taskId: input.task_id,
      states: asList(input.status)?.map((status) => stateOf(status)),
      ...createdRange(input.created_at),
    },
    pageOptions(input),
  );
  if (page.rows.length === 0) await getWebhook({ ctx, input });
  return page;
}
