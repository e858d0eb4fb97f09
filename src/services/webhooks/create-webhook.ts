import type { CreateWebhookRequest } from "../../contract/webhook.ts";
import type { WebhookRecord } from "../../ports/webhook-store.ts";
import { sealHeaders } from "../../webhooks/custom-headers.ts";
import { makeHmacSecret, makeKeyPair } from "../../webhooks/secrets.ts";
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
  const keys = ctx.config.sealingKeys;
  const made = { keys, webhookId: id, now, request: null };
  const { record, secret } = await makeHmacSecret(made, input.secret);
  const keyPairs = input.signatures?.includes("v1a") === true ? [await makeKeyPair(made)] : [];
  const webhook: WebhookRecord = {
    _id: id,
    namespace_id: ctx.namespace._id,
    url,
    event_types: input.event_types,
    task_types: input.task_types ?? [],
    tags: input.tags ?? [],
    ...(await sealHeaders(input.headers ?? {}, keys, id)),
    description: input.description ?? null,
    metadata: input.metadata ?? {},
    status: "ACTIVE",
    status_reason: null,
    suspended_by: null,
    secrets: [record, ...keyPairs],
    secrets_write_id: id,
    failing_since: null,
    created_at: now,
    updated_at: now,
    pending_events: [],
    outbox_at: null,
    sequence: 0,
  };
  await ctx.stores.webhooks.insert(webhook);
  return { webhook, secret };
}
