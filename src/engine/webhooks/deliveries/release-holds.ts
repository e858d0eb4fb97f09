import type { DeliverySummaryRecord, Hold } from "../../../ports/delivery-store.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import { PROBE_PATIENCE_MS } from "../circuit.ts";
import type { ServiceContext } from "../../context.ts";
import { undeliverableReason, isPaused } from "./holds.ts";
import { publishAttempts } from "./publish-attempts.ts";
import { RELAY_AFTER_MS } from "./relay-time.ts";

/** Held deliveries released per round: one read, one write and one request to the queue. */
export const HELD_PER_ROUND = 100;

/**
 * One round of work on the deliveries held for an endpoint, run by the call that ended a hold and
 * by cron; returns how many were moved. The endpoint as read decides what to do, so each step may
 * run twice, and a round that dies is repeated: the endpoint stays due (`holds_due_at`) until a
 * round finds nothing more.
 */
export async function tendHolds(
  ctx: ServiceContext,
  webhook: EndpointRecord,
  now: Date,
): Promise<number> {
  const { webhooks } = ctx.stores;
  const end = undeliverableReason(webhook);
  if (end !== null) {
    const ended = await deadLetterHeld(ctx, webhook._id, end);
    if (ended < HELD_PER_ROUND) await webhooks.setHoldsDue(webhook, null);
    return ended;
  }
  if (isPaused(webhook)) {
    await webhooks.setHoldsDue(webhook, null);
    return 0;
  }
  const { state, open_until } = webhook.circuit;
  if (state === "closed") {
    const released = await releaseSome(ctx, webhook, now);
    if (released < HELD_PER_ROUND) await webhooks.setHoldsDue(webhook, null);
    return released;
  }
  if (open_until !== null && now < open_until) {
    await webhooks.setHoldsDue(webhook, open_until);
    return 0;
  }
  return probeWith(ctx, webhook, now);
}

/**
 * Ends a cool-down, or replaces a lost probe: releases the oldest delivery as the probe, and the
 * others wait at no cost until it is done. If none is held, the next delivery becomes the probe.
 */
async function probeWith(ctx: ServiceContext, webhook: EndpointRecord, now: Date): Promise<number> {
  const { webhooks, deliveries } = ctx.stores;
  const held = await deliveries.heldFor(webhook._id, ["circuit", "paused"], 1);
  const lookAgainAt = held.length > 0 ? new Date(now.getTime() + PROBE_PATIENCE_MS) : null;
  if (!(await webhooks.letProbe(webhook, held[0]?._id ?? null, lookAgainAt))) return 0;
  await release(ctx, webhook, held, now);
  return held.length;
}

/**
 * Turns up to a round of held deliveries into dead letters when the endpoint accepts nothing any
 * more; returns how many.
 */
export async function deadLetterHeld(
  ctx: ServiceContext,
  webhookId: string,
  reason: string,
): Promise<number> {
  const { deliveries } = ctx.stores;
  const held = await deliveries.heldFor(webhookId, ["paused", "circuit", "order"], HELD_PER_ROUND);
  await deliveries.markManyDead(
    held.map(({ _id }) => _id),
    reason,
    ctx.runtime.now(),
  );
  return held.length;
}

/** An endpoint that no longer wants order has no delivery waiting for it. */
function reasonsGone({ ordering }: EndpointRecord): readonly Hold[] {
  return ordering === "task" ? ["paused", "circuit"] : ["paused", "circuit", "order"];
}

async function releaseSome(
  ctx: ServiceContext,
  webhook: EndpointRecord,
  now: Date,
): Promise<number> {
  const { deliveries } = ctx.stores;
  const held = await deliveries.heldFor(webhook._id, reasonsGone(webhook), HELD_PER_ROUND);
  await release(ctx, webhook, held, now);
  return held.length;
}

/** Stored as due first, then published: after a crash in between, the relay publishes. */
async function release(
  ctx: ServiceContext,
  webhook: EndpointRecord,
  held: readonly DeliverySummaryRecord[],
  now: Date,
): Promise<void> {
  await ctx.stores.deliveries.release(held, now, RELAY_AFTER_MS);
  await publishAttempts(ctx, held, new Map([[webhook._id, webhook]]), {
    now,
    mark: `h${now.getTime()}`,
  });
}
