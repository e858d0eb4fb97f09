import type { CreateWebhookRequest } from "../../../contract/webhook.ts";
import {
  CLOSED_CIRCUIT,
  type SigningSecret,
  type EndpointRecord,
} from "../../../ports/endpoint-store.ts";
import { sealHeaders } from "../custom-headers.ts";
import { unseal } from "../../../crypto/seal.ts";
import { inForce, makeHmacSecret, makeKeyPair } from "../secrets.ts";
import type { NamespaceContext } from "../../context.ts";
import { requireKnownTypes } from "../../events/types/require-known-types.ts";
import { DomainError } from "../../errors.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { heldSlot } from "../../tasks/new-task.ts";
import { checkedUrl } from "./checked-url.ts";

/** An endpoint with the only thing that is shown of its secrets, and only to who made it. */
export type CreatedWebhook = { readonly webhook: EndpointRecord; readonly secret: string };

type Input = CreateWebhookRequest & { readonly idempotencyKey?: string | null };

/**
 * Makes an endpoint, ACTIVE at once. Its signing secret is in the answer and nowhere else: what is
 * stored is sealed. Of several requests with one idempotency key the unique index lets one insert
 * win; the others are answered with its endpoint and secret. Throws `invalid_request` for a URL
 * that may not be sent to and for an event type that there isn't, and `idempotency_key_reused` when
 * the key stands for another request.
 */
export async function createEndpoint({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: Input;
}): Promise<CreatedWebhook> {
  const url = input.url === null ? null : await checkedUrl({ ctx, url: input.url, path: "url" });
  const patterns = input.event_types;
  await requireKnownTypes({ ctx, patterns, path: "event_types", scope: "active" });
  const now = ctx.runtime.now();
  const id = ctx.runtime.newId("webhook");
  const keys = ctx.config.sealingKeys;
  const key = input.idempotencyKey ?? null;
  const request = key === null ? null : { idempotencyKey: key, hash: await requestHashOf(input) };
  const made = { keys, webhookId: id, now, request };
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
    idempotency_slot: key === null ? id : heldSlot(key),
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
  // Its own id in the way is this very insert, applied before its answer was lost.
  if (outcome.kind === "inserted" || key === null) return { webhook, secret };
  const existing = await ctx.stores.webhooks.findByIdempotencySlot(
    ctx.namespace._id,
    webhook.idempotency_slot,
  );
  if (existing === null)
    throw new Error("the endpoint of a key was removed while it was asked for");
  return existing._id === id ? { webhook, secret } : again(ctx, existing, record, input);
}

/** The answer to a request that made an endpoint before. */
async function again(
  ctx: NamespaceContext,
  webhook: EndpointRecord,
  wanted: SigningSecret,
  input: Input,
): Promise<CreatedWebhook> {
  const known = inForce(webhook.secrets, ctx.runtime.now()).find(
    ({ scheme, idempotency_key }) => scheme === "v1" && idempotency_key === wanted.idempotency_key,
  );
  if (known === undefined) {
    throw reused(`This Idempotency-Key made ${webhook._id}, whose secret was replaced since.`);
  }
  const secret = await unseal(known.sealed, ctx.config.sealingKeys, webhook._id);
  const isSameSecret = input.secret === undefined || input.secret === secret;
  if (known.request_hash === wanted.request_hash && isSameSecret) return { webhook, secret };
  throw reused(
    `This Idempotency-Key made ${webhook._id}, from another request. Use a new key for a new request.`,
  );
}

function reused(detail: string): DomainError {
  return new DomainError("idempotency_key_reused", detail, [
    { path: "Idempotency-Key", message: "used for another request" },
  ]);
}

/** What tells two requests with one key apart: all but what is secret, of which nothing is kept readable. */
function requestHashOf({ idempotencyKey: _key, secret, headers, ...rest }: Input): Promise<string> {
  const names = Object.keys(headers ?? {});
  return sha256(JSON.stringify([rest, names, secret !== undefined]));
}
