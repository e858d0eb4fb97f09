import type { SignatureScheme, UpdateWebhookRequest } from "../../../contract/webhook.ts";
import {
  CLOSED_CIRCUIT,
  type SigningSecret,
  type EndpointPatch,
  type EndpointRecord,
} from "../../../ports/endpoint-store.ts";
import { sealHeaders } from "../custom-headers.ts";
import { inForce, makeKeyPair } from "../secrets.ts";
import type { NamespaceContext } from "../../context.ts";
import { actorOf } from "../../principal.ts";
import { notFound } from "../../errors.ts";
import { requireKnownTypes } from "../../events/types/require-known-types.ts";
import { changeSecrets } from "./change-secrets.ts";
import { tendHolds } from "../deliveries/release-holds.ts";
import { bestEffort } from "../../best-effort.ts";
import { checkedUrl } from "./checked-url.ts";
import { getEndpoint } from "./read-endpoints.ts";

/**
 * Replaces the given fields in one write. Throws `not_found`, and `invalid_request` for a URL that
 * may not be sent to and for an unknown event type. ACTIVE resumes an endpoint and resets its
 * failure record. The deliveries held since it was paused are released in rounds: the first here,
 * the others by cron, which finds them by `holds_due_at` from the same write. Deliveries that were
 * pending when it was SUSPENDED for failure have become dead letters.
 */
export async function updateEndpoint({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: UpdateWebhookRequest & { readonly webhookId: string };
}): Promise<EndpointRecord> {
  const patterns = input.event_types ?? [];
  await requireKnownTypes({ ctx, patterns, path: "event_types", scope: "active" });
  const now = ctx.runtime.now();
  const webhook = await applyPatch(ctx, input, await patchOf(ctx, input, now), now);
  if (webhook.holds_due_at?.getTime() === now.getTime()) {
    await bestEffort(ctx, { log: "cron releases what was held" }, async () => {
      await tendHolds(ctx, webhook, now);
    });
  }
  return webhook;
}

async function applyPatch(
  ctx: NamespaceContext,
  { webhookId, signatures }: UpdateWebhookRequest & { readonly webhookId: string },
  fields: EndpointPatch,
  now: Date,
): Promise<EndpointRecord> {
  const isEmpty = Object.keys(fields).length === 0;
  const patch: EndpointPatch = isEmpty ? {} : { ...fields, updated_at: now };
  if (signatures !== undefined) {
    const secretsOf = (webhook: EndpointRecord) => signedBy(ctx, webhook, signatures);
    return changeSecrets({ ctx, input: { webhookId, secretsOf, patch } });
  }
  if (isEmpty) return getEndpoint({ ctx, input: { webhookId } });
  const webhook = await ctx.stores.webhooks.update(ctx.namespace._id, webhookId, patch);
  if (webhook === null) throw notFound("webhook", webhookId);
  return webhook;
}

/** The secrets with or without a key pair, as requested; null when nothing changes. */
async function signedBy(
  ctx: NamespaceContext,
  webhook: EndpointRecord,
  signatures: readonly SignatureScheme[],
): Promise<readonly SigningSecret[] | null> {
  const now = ctx.runtime.now();
  const valid = inForce(webhook.secrets, now);
  const hasKeyPair = valid.some(({ scheme }) => scheme === "v1a");
  const wantsKeyPair = signatures.includes("v1a");
  if (hasKeyPair === wantsKeyPair) return null;
  if (!wantsKeyPair) return valid.filter(({ scheme }) => scheme !== "v1a");
  const made = { keys: ctx.config.sealingKeys, webhookId: webhook._id, now, request: null };
  return [await makeKeyPair(made), ...valid];
}

async function patchOf(
  ctx: NamespaceContext,
  input: UpdateWebhookRequest & { readonly webhookId: string },
  now: Date,
): Promise<EndpointPatch> {
  const { sealingKeys } = ctx.config;
  return {
    ...(typeof input.url === "string" && {
      url: await checkedUrl({ ctx, url: input.url, path: "url" }),
    }),
    // Deliveries held for it become dead letters.
    ...(input.url === null && { url: null, holds_due_at: now }),
    ...(input.event_types !== undefined && { event_types: input.event_types }),
    ...(input.task_types !== undefined && { task_types: input.task_types }),
    ...(input.tags !== undefined && { tags: input.tags }),
    ...(input.headers !== undefined &&
      (await sealHeaders(input.headers, sealingKeys, input.webhookId))),
    ...(input.description !== undefined && { description: input.description }),
    ...(input.metadata !== undefined && { metadata: input.metadata }),
    ...(input.rate_limit !== undefined && { rate_limit: input.rate_limit }),
    ...(input.max_concurrency !== undefined && { max_concurrency: input.max_concurrency }),
    ...(input.ordering !== undefined && { ordering: input.ordering }),
    // Deliveries that waited for order no longer wait.
    ...(input.ordering === "none" && { holds_due_at: now }),
    ...(input.status === "ACTIVE" && {
      status: "ACTIVE" as const,
      status_reason: null,
      suspended_by: null,
      failing_since: null,
      circuit: CLOSED_CIRCUIT,
      holds_due_at: now,
    }),
    ...(input.status === "SUSPENDED" && {
      status: "SUSPENDED" as const,
      status_reason: `paused by ${actorOf(ctx.principal)}`,
      suspended_by: "owner" as const,
    }),
  };
}
