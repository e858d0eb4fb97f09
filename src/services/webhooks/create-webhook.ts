import type { CreateWebhookRequest } from "../../contract/webhook.ts";
import { CLOSED_CIRCUIT, type WebhookRecord } from "../../ports/webhook-store.ts";
import { sealSecret } from "../../webhooks/seal.ts";
import { newSecret } from "../../webhooks/sign.ts";
import type { NamespaceContext } from "../context.ts";
import { checkedUrl } from "./checked-url.ts";

/**
 * Makes an endpoint, ACTIVE at once. Its signing secret is in the answer and nowhere else: what is
 * stored is sealed. Throws `invalid_request` for a URL that may not be sent to.
 */
export async function createWebhook({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: CreateWebhookRequest;
}): Promise<{ readonly webhook: WebhookRecord; readonly secret: string }> {
  const url = checkedUrl({ ctx, url: input.url });
  const now = ctx.runtime.now();
  const id = ctx.runtime.newId("webhook");
  const secret = newSecret();
  const webhook: WebhookRecord = {
    _id: id,
    namespace_id: ctx.namespace._id,
    url,
    event_types: input.event_types,
    task_types: input.task_types ?? [],
    tags: input.tags ?? [],
    headers: input.headers ?? {},
    description: input.description ?? null,
    metadata: input.metadata ?? {},
    status: "ACTIVE",
    status_reason: null,
    suspended_by: null,
    ordering: input.ordering ?? "none",
    rate_limit: input.rate_limit ?? null,
    max_concurrency: input.max_concurrency ?? null,
    sealed_secrets: [await sealSecret(secret, ctx.config.sealingKey, id)],
    failing_since: null,
    circuit: CLOSED_CIRCUIT,
    holds_due_at: null,
    created_at: now,
    updated_at: now,
    pending_events: [],
    outbox_at: null,
    sequence: 0,
  };
  await ctx.stores.webhooks.insert(webhook);
  return { webhook, secret };
}
