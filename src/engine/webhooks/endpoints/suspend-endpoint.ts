import type { PendingEvent } from "../../../ports/task-store.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import type { ServiceContext } from "../../context.ts";
import { bestEffort } from "../../best-effort.ts";

/**
 * Suspends an endpoint and adds `webhook.endpoint.disabled` to its outbox, in one write (P3). If
 * two deliveries find it failing at once, only one does this. The publish may fail: the relay
 * dispatches the outbox. An endpoint whose URL was removed meanwhile is left as it is, since
 * nothing is sent to it anyway.
 */
export async function suspendEndpoint({
  ctx,
  webhook,
  reason,
}: {
  ctx: ServiceContext;
  webhook: EndpointRecord;
  reason: string;
}): Promise<void> {
  if (webhook.url === null) return;
  const now = ctx.runtime.now();
  const event: PendingEvent = {
    event_id: ctx.runtime.newId("event"),
    type: "webhook.endpoint.disabled",
    sequence: webhook.sequence + 1,
    timestamp: now,
    data: {
      webhook_id: webhook._id,
      url: webhook.url,
      reason,
      failing_since: webhook.failing_since?.toISOString() ?? null,
    },
  };
  if (!(await ctx.stores.webhooks.suspend(webhook, reason, event, now))) return;
  ctx.runtime.log("warn", "webhook endpoint suspended", { webhook_id: webhook._id, reason });
  await bestEffort(ctx, { log: "the relay dispatches the event" }, () =>
    ctx.stores.queue.publishDispatch(
      { source: "webhook", id: webhook._id },
      { deduplicationId: event.event_id },
    ),
  );
}
