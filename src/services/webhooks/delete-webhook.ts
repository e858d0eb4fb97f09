import type { NamespaceContext } from "../context.ts";
import { notFound } from "../errors.ts";

/**
 * Removes an endpoint. Deliveries on their way to it go to the dead letters as they come up, and
 * stay to be read. Throws `not_found`.
 */
export async function deleteWebhook({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly webhookId: string };
}): Promise<void> {
  const removed = await ctx.stores.webhooks.remove(ctx.namespace._id, input.webhookId);
  if (!removed) throw notFound("webhook", input.webhookId);
}
