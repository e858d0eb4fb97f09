import type { AttemptRecord } from "../../../ports/delivery-store.ts";
import type { WebhookRecord } from "../../../ports/webhook-store.ts";
import type { AttemptResult } from "../attempt.ts";
import { MAX_ATTEMPTS, secondsUntilNextAttempt } from "../schedule.ts";
import type { ServiceContext } from "../../context.ts";
import { unlessUnavailable } from "../../best-effort.ts";
import { suspendWebhook } from "../endpoints/suspend-webhook.ts";
import type { DeliveryReport, DueAttempt } from "./deliver-webhook.ts";
import { noteFailure } from "./note-failure.ts";
import { placeOf, wakeNext } from "./order.ts";
import { flowControlOf } from "./publish-attempts.ts";
import { RELAY_AFTER_MS } from "./relay-time.ts";

type Made = {
  readonly ctx: ServiceContext;
  readonly due: DueAttempt;
  readonly result: AttemptResult;
};

/**
 * Records a 2xx: one write, and others only when the endpoint had been failing, or keeps order.
 * Then the record says that cron is to wake the next delivery if this one doesn't come to it.
 */
export async function recordSuccess({ ctx, due, result }: Made): Promise<DeliveryReport> {
  const { delivery, webhook } = due;
  const now = ctx.runtime.now();
  const isOrdered = webhook !== null && delivery !== null && placeOf(delivery, webhook) !== null;
  const recorded = await ctx.stores.deliveries.recordAttempt({
    ...ended(ctx, due, result),
    ...(isOrdered && { relayAt: relayAfter(now) }),
    state: "DELIVERED",
    errorMessage: null,
  });
  if (recorded && webhook !== null && webhook.failing_since !== null) {
    await unlessUnavailable(ctx, "the next success ends the endpoint's row of failures", () =>
      ctx.stores.webhooks.noteSuccess(webhook, now),
    );
    ctx.memory.openCircuits.delete(webhook._id);
  }
  if (recorded && isOrdered) {
    await unlessUnavailable(ctx, "the relay wakes the next delivery of the task", () =>
      wakeNext(ctx, delivery, webhook),
    );
  }
  return recorded ? { kind: "delivered" } : { kind: "stale" };
}

/** Records a 410: the delivery is dead, and the endpoint gets nothing more. */
export async function recordGone({ ctx, due, result }: Made): Promise<DeliveryReport> {
  const reason = "the endpoint answered 410 Gone";
  const recorded = await ctx.stores.deliveries.recordAttempt({
    ...ended(ctx, due, result),
    state: "DEAD",
    errorMessage: reason,
  });
  await unlessUnavailable(ctx, "the next 410 suspends the endpoint", async () => {
    const webhook = due.webhook ?? (await ctx.stores.webhooks.get(due.target.webhook_id));
    if (webhook !== null) await suspendWebhook({ ctx, webhook, reason });
  });
  return recorded ? { kind: "dead", reason } : { kind: "stale" };
}

/**
 * Records a failure and has the next attempt published, or buries the delivery after the last. What
 * follows the record may fail without harm, and must not make the queue send this message again:
 * the relay publishes the attempt that was scheduled.
 */
export async function recordFailure({ ctx, due, result }: Made): Promise<DeliveryReport> {
  const seconds = secondsUntilNextAttempt({
    failed: due.attempt - (due.delivery?.schedule_from ?? 0),
    retryAfterSeconds: result.retryAfterSeconds,
    random: ctx.runtime.random,
  });
  const made = { ctx, due, result };
  const report = seconds === null ? await bury(made) : await storeNext(made, seconds);
  if (report.kind === "stale") return report;
  let webhook: WebhookRecord | null = null;
  await unlessUnavailable(ctx, "the next failure is noted on the endpoint", async () => {
    webhook = await noteFailure(ctx, due, result);
  });
  // Of an endpoint that can't be read the limits aren't known: the relay publishes then.
  if (report.kind === "retrying" && webhook !== null) {
    await publishNext(made, report.nextAttemptAt, webhook);
  }
  return report;
}

async function bury({ ctx, due, result }: Made): Promise<DeliveryReport> {
  const since = (due.delivery?.schedule_from ?? 0) > 0 ? " since it was resent" : "";
  const reason = `all ${MAX_ATTEMPTS} attempts${since} failed; the last: ${result.error}`;
  const recorded = await ctx.stores.deliveries.recordAttempt({
    ...ended(ctx, due, result),
    state: "DEAD",
    errorMessage: reason,
  });
  return recorded ? { kind: "dead", reason } : { kind: "stale" };
}

async function storeNext({ ctx, due, result }: Made, seconds: number): Promise<DeliveryReport> {
  const nextAttemptAt = new Date(ctx.runtime.now().getTime() + seconds * 1000);
  const recorded = await ctx.stores.deliveries.recordAttempt({
    ...ended(ctx, due, result),
    state: "PENDING",
    errorMessage: null,
    nextAttemptAt,
    relayAt: relayAfter(nextAttemptAt),
  });
  return recorded ? { kind: "retrying", nextAttemptAt } : { kind: "stale" };
}

/** Publishes the attempt that was stored, or holds it if its time comes before the circuit's. */
async function publishNext(
  { ctx, due }: Made,
  nextAttemptAt: Date,
  webhook: WebhookRecord,
): Promise<void> {
  const { deliveries, queue } = ctx.stores;
  const now = ctx.runtime.now();
  const next = due.attempt + 1;
  const { open_until } = webhook.circuit;
  if (open_until !== null && nextAttemptAt < open_until) {
    const stored = {
      _id: due.deliveryId,
      attempt_count: due.attempt,
      next_attempt_at: nextAttemptAt,
      relay_at: relayAfter(nextAttemptAt),
    };
    await unlessUnavailable(ctx, "the relay publishes the next attempt", () =>
      deliveries.hold(stored, "circuit", relayAfter(now)),
    );
    return;
  }
  const waitMs = nextAttemptAt.getTime() - now.getTime();
  await unlessUnavailable(ctx, "the relay publishes the next attempt", () =>
    queue.publishDeliveries([
      {
        message: { delivery_id: due.deliveryId, attempt: next, snapshot: null },
        options: {
          delaySeconds: Math.max(1, Math.ceil(waitMs / 1000)),
          deduplicationId: `${due.deliveryId}-${next}`,
          ...flowControlOf(webhook),
        },
      },
    ]),
  );
}

function relayAfter(at: Date): Date {
  return new Date(at.getTime() + RELAY_AFTER_MS);
}

/** What the record of an attempt after which none is due has in common. */
export function ended(ctx: ServiceContext, due: DueAttempt, result: AttemptResult) {
  const attempt: AttemptRecord = {
    write_id: ctx.runtime.newId("delivery"),
    attempt: due.attempt,
    at: result.at,
    latency_ms: result.latencyMs,
    response_status: result.responseStatus,
    response_headers: result.responseHeaders,
    response_body: result.responseBody,
    error: result.error,
  };
  return {
    deliveryId: due.deliveryId,
    attempt,
    nextAttemptAt: null,
    relayAt: null,
    at: ctx.runtime.now(),
  };
}
