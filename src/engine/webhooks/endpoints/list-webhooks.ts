import type { WebhookListRequest } from "../../../contract/webhook.ts";
import type { Page } from "../../../ports/resource-store.ts";
import type { WebhookRecord } from "../../../ports/webhook-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { pageOptions, resourceFilter } from "../../paging.ts";

/** One page of the namespace's endpoints. Throws `invalid_cursor`. */
export async function listWebhooks({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: WebhookListRequest;
}): Promise<Page<WebhookRecord>> {
  return ctx.stores.webhooks.list(ctx.namespace._id, resourceFilter(input), pageOptions(input));
}
