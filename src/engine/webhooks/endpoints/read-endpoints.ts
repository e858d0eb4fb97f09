import type { EndpointRecord, ReachableEndpoint } from "../../../ports/endpoint-store.ts";
import type { NamespaceContext, ServiceContext } from "../../context.ts";
import { notFound, DomainError } from "../../errors.ts";
import type { WebhookListRequest, JsonWebKeySet } from "../../../contract/webhook.ts";
import type { Page } from "../../../ports/resource-store.ts";
import { pageOptions, resourceFilter } from "../../paging.ts";
import { jwkOf } from "../../../crypto/ed25519.ts";
import { inForce } from "../secrets.ts";

/** An endpoint by its id. Throws `not_found`. */
export async function getEndpoint({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly webhookId: string };
}): Promise<EndpointRecord> {
  const webhook = await ctx.stores.webhooks.find(ctx.namespace._id, input.webhookId);
  if (webhook === null) throw notFound("webhook", input.webhookId);
  return webhook;
}

/** One page of the namespace's endpoints. Throws `invalid_cursor`. */
export async function listEndpoints({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: WebhookListRequest;
}): Promise<Page<EndpointRecord>> {
  return ctx.stores.webhooks.list(ctx.namespace._id, resourceFilter(input), pageOptions(input));
}

/** The endpoint, if it has a URL. Throws `webhook_has_no_url`. */
export function requireUrl(webhook: EndpointRecord): ReachableEndpoint {
  if (webhook.url !== null) return { ...webhook, url: webhook.url };
  throw new DomainError(
    "webhook_has_no_url",
    "The endpoint has no URL: its consumer polls. PATCH a `url` first, or poll from an older cursor.",
  );
}

/**
 * The public keys that an endpoint's deliveries may be verified with, newest first, whatever its
 * namespace: anyone who knows its unguessable id is its receiver or its owner. Without an endpoint:
 * the deployment's own keys, of which there are none. Throws `not_found`.
 */
export async function publicKeys({
  ctx,
  input,
}: {
  ctx: ServiceContext;
  input: { readonly webhookId: string | undefined };
}): Promise<JsonWebKeySet> {
  const { webhookId } = input;
  if (webhookId === undefined) return { keys: [] };
  const webhook = await ctx.stores.webhooks.get(webhookId);
  if (webhook === null) throw new DomainError("not_found", `There is no webhook "${webhookId}".`);
  return {
    keys: inForce(webhook.secrets, ctx.runtime.now()).flatMap(({ public_key: key, kid }) =>
      key === null || kid === null ? [] : [jwkOf(key, kid)],
    ),
  };
}
