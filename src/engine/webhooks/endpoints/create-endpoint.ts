import type { CreateWebhookRequest } from "../../../contract/webhook.ts";
import { CLOSED_CIRCUIT, type EndpointRecord } from "../../../ports/endpoint-store.ts";
import { sealHeaders } from "../custom-headers.ts";
import { unseal } from "../../../crypto/seal.ts";
import { inForce, makeHmacSecret, makeKeyPair } from "../secrets.ts";
import type { NamespaceContext } from "../../context.ts";
import { requireKnownTypes } from "../../events/types/require-known-types.ts";
import { type KeyedRequest, keyReused, requireSameRequest } from "../../keyed-request.ts";
import { checkedUrl } from "./checked-url.ts";

/** An endpoint with its signing secret, which is shown only to its creator. */
export type CreatedWebhook = { readonly webhook: EndpointRecord; readonly secret: string };

type Input = CreateWebhookRequest & { readonly keyed?: KeyedRequest | null };

/**
 * Creates an endpoint, ACTIVE at once. Its signing secret is shown only in the response and stored
 * sealed. Of several requests with one idempotency key, the unique index lets one insert win; the
 * others get its endpoint and secret. Throws `invalid_request` for a URL that may not be sent to
 * and for an unknown event type, and `idempotency_key_reused` when the key belongs to another
 * request.
 */
export async function createEndpoint({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: Input;
}): Promise<CreatedWebhook> {
  const { keyed = null } = input;
  const before = keyed === null ? null : await madeBefore(ctx, keyed);
  if (before !== null) return before;
  const url = input.url === null ? null : await checkedUrl({ ctx, url: input.url, path: "url" });
  const patterns = input.event_types;
  await requireKnownTypes({ ctx, patterns, path: "event_types", scope: "active" });
  const now = ctx.runtime.now();
  const id = ctx.runtime.newId("webhook");
  const keys = ctx.config.sealingKeys;
  const made = { keys, webhookId: id, now, request: keyed };
  const { record, secret } = await makeHmacSecret(made, input.secret);
  const keyPairs = input.signatures?.includes("v1a") === true ? [await makeKeyPair(made)] : [];
  const webhook: EndpointRecord = {
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
    ordering: input.ordering ?? "none",
    rate_limit: input.rate_limit ?? null,
    max_concurrency: input.max_concurrency ?? null,
    secrets: [record, ...keyPairs],
    secrets_write_id: id,
    idempotency_slot: keyed?.slot ?? id,
    failing_since: null,
    circuit: CLOSED_CIRCUIT,
    holds_due_at: null,
    created_at: now,
    updated_at: now,
    pending_events: [],
    outbox_at: null,
    sequence: 0,
  };
  const outcome = await ctx.stores.webhooks.insert(webhook);
  if (outcome.kind === "inserted" || keyed === null) return { webhook, secret };
  const winner = await madeBefore(ctx, keyed);
  if (winner === null) throw new Error("the endpoint of a key was removed while it was asked for");
  return winner;
}

/** The response to a request that already created an endpoint; null when it is new. */
async function madeBefore(
  ctx: NamespaceContext,
  keyed: KeyedRequest,
): Promise<CreatedWebhook | null> {
  const webhook = await ctx.stores.webhooks.findByIdempotencySlot(ctx.namespace._id, keyed.slot);
  if (webhook === null) return null;
  const known = inForce(webhook.secrets, ctx.runtime.now()).find(
    ({ scheme, idempotency_key }) => scheme === "v1" && idempotency_key === keyed.key,
  );
  if (known === undefined) throw keyReused(`made ${webhook._id}, whose secret was replaced since`);
  requireSameRequest({ id: webhook._id, hash: known.request_hash }, keyed);
  const secret = await unseal(known.sealed, ctx.config.sealingKeys, webhook._id);
  return { webhook, secret };
}
