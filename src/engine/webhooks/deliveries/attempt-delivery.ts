import type { DeliveryRecord, Hold } from "../../../ports/delivery-store.ts";
import type { DeliveryMessage } from "../../../ports/queue.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import { judge, makeAttempt } from "../attempt.ts";
import { PROBE_PATIENCE_MS } from "../circuit.ts";
import { buildPayload } from "../payload.ts";
import { sealedPartsOf } from "../secrets.ts";
import type { ServiceContext } from "../../context.ts";
import { undeliverableReason, endpointHold } from "./holds.ts";
import { isBlocked } from "./order.ts";
import { runSubscriber } from "./run-subscriber.ts";
import { subscriberOf } from "./subscriber-target.ts";
import type { DeliveryReport } from "./record-attempt.ts";
import {
  type EndpointAttempt,
  recordFailure,
  recordGone,
  recordSuccess,
  recordTest,
} from "./record-outcome.ts";
import { testEventOf } from "./test-event.ts";
import { RELAY_AFTER_MS } from "./relay-time.ts";

type Prepared =
  | { readonly kind: "due"; readonly due: EndpointAttempt }
  | { readonly kind: "dead"; readonly reason: string }
  | { readonly kind: "held"; readonly hold: Hold }
  | { readonly kind: "subscriber"; readonly delivery: DeliveryRecord; readonly name: string }
  | { readonly kind: "stale" };

/**
 * Makes one attempt at a delivery and records it. The first attempt finds all it needs in the
 * message, and its success costs one MongoDB operation. Every other attempt reads the delivery
 * first, which drops late and duplicate messages (P7). A message that the queue redelivers
 * (`redelivered`) doesn't use the snapshot either: the earlier attempt may have been recorded.
 */
export async function attemptDelivery({
  ctx,
  input,
}: {
  ctx: ServiceContext;
  input: DeliveryMessage & { readonly redelivered: boolean };
}): Promise<DeliveryReport> {
  const prepared = await prepare(ctx, input);
  switch (prepared.kind) {
    case "stale":
    case "held":
      return prepared;
    case "dead":
      await ctx.stores.deliveries.markDead(input.delivery_id, prepared.reason, ctx.runtime.now());
      return prepared;
    case "subscriber":
      return runSubscriber({ ctx, input: prepared });
    case "due":
      return attempt(ctx, prepared.due);
  }
}

async function attempt(ctx: ServiceContext, due: EndpointAttempt): Promise<DeliveryReport> {
  const { config, runtime, memory } = ctx;
  const result = await makeAttempt({ target: due.target, config, runtime, hosts: memory.hosts });
  if (due.delivery?.is_test) return recordTest({ ctx, due, result });
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
  if (snapshot !== null && !input.redelivered && !isKnownOpen(ctx, snapshot.webhook_id)) {
    return { kind: "due", due: { ...named, target: snapshot, delivery: null, webhook: null } };
  }
  const delivery = await ctx.stores.deliveries.get(input.delivery_id);
  if (delivery?.state !== "PENDING" || delivery.attempt_count + 1 !== input.attempt) {
    return { kind: "stale" };
  }
  const name = subscriberOf(delivery.webhook_id);
  if (name !== null) return { kind: "subscriber", delivery, name };
  const [webhook, event] = await Promise.all([
    ctx.stores.webhooks.get(delivery.webhook_id),
    delivery.is_test ? testEventOf(ctx, delivery) : ctx.stores.events.get(delivery.event_id),
  ]);
  const end = undeliverableReason(webhook);
  // A test is sent whatever the endpoint's status: its owner uses it to check the endpoint.
  if (webhook === null || webhook.url === null || (end !== null && !delivery.is_test)) {
    return { kind: "dead", reason: end ?? "" };
  }
  if (event === null) return { kind: "dead", reason: "the event is no longer kept" };
  const target = {
    webhook_id: webhook._id,
    event_id: event._id,
    url: webhook.url,
    ...sealedPartsOf(webhook, ctx.runtime.now()),
    payload: buildPayload(event, ctx.config.publicUrl),
  };
  if (!delivery.is_test) {
    const admitted = await admit(ctx, delivery, webhook);
    if (admitted.kind === "held") return admitted;
  }
  return { kind: "due", due: { ...named, target, delivery, webhook } };
}

/**
 * Whether this isolate saw the endpoint's circuit open. If so, the endpoint is read, whatever a
 * message says.
 */
function isKnownOpen(ctx: ServiceContext, webhookId: string): boolean {
  const until = ctx.memory.openCircuits.get(webhookId);
  return until !== undefined && ctx.runtime.now() < until;
}

/**
 * Lets a due delivery be attempted, or holds it. If a half-open circuit waits for a probe, the
 * delivery becomes the probe by a conditional write that only one delivery wins.
 */
async function admit(
  ctx: ServiceContext,
  delivery: DeliveryRecord,
  webhook: EndpointRecord,
): Promise<{ readonly kind: "held"; readonly hold: Hold } | { readonly kind: "admitted" }> {
  const now = ctx.runtime.now();
  const hold = async (reason: Hold) => {
    const relayAt = new Date(now.getTime() + RELAY_AFTER_MS);
    await ctx.stores.deliveries.hold(delivery, reason, relayAt);
    return { kind: "held", hold: reason } as const;
  };
  const reason = endpointHold(webhook, delivery._id);
  if (reason !== null) return hold(reason);
  if (await isBlocked(ctx, delivery, webhook)) {
    const held = await hold("order");
    // The earlier delivery may have been settled in between, before its recorder could see this
    // hold. Both write before they look, so one of the two sees the other.
    if (await isBlocked(ctx, delivery, webhook)) return held;
  }
  const { state, probe_delivery_id } = webhook.circuit;
  if (state !== "half_open" || probe_delivery_id !== null) return { kind: "admitted" };
  const lookAgainAt = new Date(now.getTime() + PROBE_PATIENCE_MS);
  const isProbe = await ctx.stores.webhooks.letProbe(webhook, delivery._id, lookAgainAt);
  return isProbe ? { kind: "admitted" } : hold("circuit");
}
