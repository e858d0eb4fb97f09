import type { DeliveryRecord } from "../../ports/delivery-store.ts";
import type { DeliveryMessage } from "../../ports/queue.ts";
import type { WebhookRecord } from "../../ports/webhook-store.ts";
import { type AttemptTarget, judge, makeAttempt } from "../../webhooks/attempt.ts";
import { buildPayload } from "../../webhooks/payload.ts";
import type { ServiceContext } from "../context.ts";
import { runSubscriber } from "./run-subscriber.ts";
import { subscriberOf } from "./subscriber.ts";
import { recordFailure, recordGone, recordSuccess } from "./record-outcome.ts";

/** What a message came to. */
export type DeliveryReport =
  | { readonly kind: "delivered" }
  | { readonly kind: "retrying"; readonly nextAttemptAt: Date }
  | { readonly kind: "dead"; readonly reason: string }
  /** Nothing to do or nothing to decide: the attempt isn't the next of a PENDING delivery. */
  | { readonly kind: "stale" };

/** An attempt that is to be made. */
export type DueAttempt = {
  readonly deliveryId: string;
  readonly attempt: number;
  readonly target: AttemptTarget;
  /** Whether the endpoint's last attempt that we know of failed. */
  readonly failing: boolean;
  /** The endpoint as it was read; null when the message's snapshot stood for it. */
  readonly webhook: WebhookRecord | null;
};

type Prepared =
  | { readonly kind: "due"; readonly due: DueAttempt }
  | { readonly kind: "dead"; readonly reason: string }
  | { readonly kind: "subscriber"; readonly delivery: DeliveryRecord; readonly name: string }
  | { readonly kind: "stale" };

/**
 * Makes one attempt at a delivery and records it. The first attempt finds all it needs in the
 * message, and its success costs one MongoDB operation; every other reads the delivery first, and
 * a message that comes late or twice is dropped there (P7). The snapshot is not trusted by a
 * message that the queue delivers again (`redelivered`): the time before may have been recorded.
 */
export async function deliverWebhook({
  ctx,
  input,
}: {
  ctx: ServiceContext;
  input: DeliveryMessage & { readonly redelivered: boolean };
}): Promise<DeliveryReport> {
  const prepared = await prepare(ctx, input);
  switch (prepared.kind) {
    case "stale":
      return prepared;
    case "dead":
      await ctx.stores.deliveries.abandon(input.delivery_id, prepared.reason, ctx.runtime.now());
      return prepared;
    case "subscriber":
      return runSubscriber({ ctx, input: prepared });
    case "due":
      return attempt(ctx, prepared.due);
  }
}

async function attempt(ctx: ServiceContext, due: DueAttempt): Promise<DeliveryReport> {
  const { config, runtime } = ctx;
  const result = await makeAttempt({ target: due.target, config, runtime });
  switch (judge(result)) {
    case "delivered":
      return recordSuccess({ ctx, due, result });
    case "gone":
      return recordGone({ ctx, due, result });
    case "failed":
      return recordFailure({ ctx, due, result });
  }
}

async function prepare(
  ctx: ServiceContext,
  input: DeliveryMessage & { readonly redelivered: boolean },
): Promise<Prepared> {
  const { snapshot } = input;
  const named = { deliveryId: input.delivery_id, attempt: input.attempt };
  if (snapshot !== null && !input.redelivered) {
    const due = { ...named, target: snapshot, failing: snapshot.failing, webhook: null };
    return { kind: "due", due };
  }
  const delivery = await ctx.stores.deliveries.get(input.delivery_id);
  if (delivery?.state !== "PENDING" || delivery.attempt_count + 1 !== input.attempt) {
    return { kind: "stale" };
  }
  const name = subscriberOf(delivery.webhook_id);
  if (name !== null) return { kind: "subscriber", delivery, name };
  const [webhook, event] = await Promise.all([
    ctx.stores.webhooks.get(delivery.webhook_id),
    ctx.stores.events.get(delivery.event_id),
  ]);
  if (webhook === null) return { kind: "dead", reason: "the endpoint was removed" };
  if (webhook.status !== "ACTIVE") {
    const why = webhook.status_reason ?? "no reason given";
    return { kind: "dead", reason: `the endpoint is ${webhook.status}: ${why}` };
  }
  if (event === null) return { kind: "dead", reason: "the event is no longer kept" };
  const target = {
    webhook_id: webhook._id,
    event_id: event._id,
    url: webhook.url,
    headers: webhook.headers,
    sealed_secrets: webhook.sealed_secrets,
    payload: buildPayload(event, ctx.config.publicUrl),
  };
  const failing = webhook.failing_since !== null;
  return { kind: "due", due: { ...named, target, failing, webhook } };
}
