import type { NamespaceContext } from "../context.ts";
import { getWebhook } from "./get-webhook.ts";

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
  // Looked for first: a removal whose answer was lost is sent again, and then finds nothing.
  const webhook = await getWebhook({ ctx, input });
  await ctx.stores.webhooks.remove(ctx.namespace._id, webhook._id);
}
