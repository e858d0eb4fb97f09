import type { PendingEvent } from "../../../ports/task-store.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import type { ServiceContext } from "../../context.ts";
import { bestEffort } from "../../best-effort.ts";

/**
 * Takes an endpoint out of service and says so by `webhook.endpoint.disabled`, in one write (P3).
 * Of two deliveries that find it failing at once only one does. The publish may fail: the relay
 * dispatches what waits in the outbox. One whose URL was removed meanwhile is sent nothing as it is.
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
