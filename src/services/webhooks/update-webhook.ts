import type { UpdateWebhookRequest } from "../../contract/webhook.ts";
import type { WebhookPatch, WebhookRecord } from "../../ports/webhook-store.ts";
import { actorOf, type NamespaceContext } from "../context.ts";
import { notFound } from "../errors.ts";
import { requireKnownTypes } from "../event-types/require-known-types.ts";
import { checkedUrl } from "./checked-url.ts";
import { getWebhook } from "./get-webhook.ts";

/**
 * Replaces the given fields in one write. Throws `not_found`, and `invalid_request` for a URL that
 * may not be sent to and for an event type that there isn't. ACTIVE resumes an endpoint with a clean record; what was pending when it was
 * SUSPENDED has gone to the dead letters as it came up.
 */
export async function updateWebhook({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: UpdateWebhookRequest & { readonly webhookId: string };
}): Promise<WebhookRecord> {
  const patterns = input.event_types ?? [];
  await requireKnownTypes({ ctx, patterns, path: "event_types", scope: "active" });
  const patch = await patchOf(ctx, input);
  if (Object.keys(patch).length === 0) return getWebhook({ ctx, input });
  const webhook = await ctx.stores.webhooks.update(ctx.namespace._id, input.webhookId, {
    ...patch,
    updated_at: ctx.runtime.now(),
  });
  if (webhook === null) throw notFound("webhook", input.webhookId);
  return webhook;
}

async function patchOf(ctx: NamespaceContext, input: UpdateWebhookRequest): Promise<WebhookPatch> {
  return {
    ...(input.url !== undefined && {
      url: await checkedUrl({ ctx, url: input.url, path: "url" }),
    }),
    ...(input.event_types !== undefined && { event_types: input.event_types }),
    ...(input.task_types !== undefined && { task_types: input.task_types }),
    ...(input.tags !== undefined && { tags: input.tags }),
    ...(input.headers !== undefined && { headers: input.headers }),
    ...(input.description !== undefined && { description: input.description }),
    ...(input.metadata !== undefined && { metadata: input.metadata }),
    ...(input.status === "ACTIVE" && {
      status: "ACTIVE" as const,
      status_reason: null,
      failing_since: null,
    }),
    ...(input.status === "SUSPENDED" && {
      status: "SUSPENDED" as const,
      status_reason: `paused by ${actorOf(ctx.principal)}`,
    }),
  };
}
