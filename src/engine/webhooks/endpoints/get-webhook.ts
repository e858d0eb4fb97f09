import type { WebhookRecord } from "../../../ports/webhook-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { notFound } from "../../errors.ts";

/** An endpoint by its id. Throws `not_found`. */
export async function getWebhook({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly webhookId: string };
}): Promise<WebhookRecord> {
  const webhook = await ctx.stores.webhooks.find(ctx.namespace._id, input.webhookId);
  if (webhook === null) throw notFound("webhook", input.webhookId);
  return webhook;
}
