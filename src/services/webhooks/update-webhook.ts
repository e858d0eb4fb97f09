import type { UpdateWebhookRequest } from "../../contract/webhook.ts";
import {
  CLOSED_CIRCUIT,
  type WebhookPatch,
  type WebhookRecord,
} from "../../ports/webhook-store.ts";
import { actorOf, type NamespaceContext } from "../context.ts";
import { notFound } from "../errors.ts";
import { tendHolds } from "../deliveries/release-holds.ts";
import { unlessUnavailable } from "../events/unless-unavailable.ts";
import { checkedUrl } from "./checked-url.ts";
import { getWebhook } from "./get-webhook.ts";

/**
 * Replaces the given fields in one write. Throws `not_found`, and `invalid_request` for a URL that
 * may not be sent to. ACTIVE resumes an endpoint with a clean record, and the deliveries that were
 * held since it was paused are released in rounds: the first here, the others by cron, which finds
 * by `holds_due_at`, of the same write, that there may be some. What was pending when it was
 * SUSPENDED by failure has gone to the dead letters.
 */
export async function updateWebhook({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: UpdateWebhookRequest & { readonly webhookId: string };
}): Promise<WebhookRecord> {
  const now = ctx.runtime.now();
  const patch = patchOf(ctx, input, now);
  if (Object.keys(patch).length === 0) return getWebhook({ ctx, input });
  const webhook = await ctx.stores.webhooks.update(ctx.namespace._id, input.webhookId, {
    ...patch,
    updated_at: now,
  });
  if (webhook === null) throw notFound("webhook", input.webhookId);
  if (webhook.holds_due_at?.getTime() === webhook.updated_at.getTime()) {
    await unlessUnavailable(ctx, "cron releases what was held", async () => {
      await tendHolds(ctx, webhook, webhook.updated_at);
    });
  }
  return webhook;
}

function patchOf(ctx: NamespaceContext, input: UpdateWebhookRequest, now: Date): WebhookPatch {
  return {
    ...(input.url !== undefined && { url: checkedUrl({ ctx, url: input.url }) }),
    ...(input.event_types !== undefined && { event_types: input.event_types }),
    ...(input.task_types !== undefined && { task_types: input.task_types }),
    ...(input.tags !== undefined && { tags: input.tags }),
    ...(input.headers !== undefined && { headers: input.headers }),
    ...(input.description !== undefined && { description: input.description }),
    ...(input.metadata !== undefined && { metadata: input.metadata }),
    ...(input.rate_limit !== undefined && { rate_limit: input.rate_limit }),
    ...(input.max_concurrency !== undefined && { max_concurrency: input.max_concurrency }),
    ...(input.ordering !== undefined && { ordering: input.ordering }),
    // What waited for order waits no more.
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
