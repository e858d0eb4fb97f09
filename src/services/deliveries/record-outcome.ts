import type { AttemptRecord } from "../../ports/delivery-store.ts";
import type { AttemptResult } from "../../webhooks/attempt.ts";
import { MAX_ATTEMPTS, secondsUntilNextAttempt } from "../../webhooks/schedule.ts";
import type { ServiceContext } from "../context.ts";
import { unlessUnavailable } from "../events/unless-unavailable.ts";
import { suspendWebhook } from "../webhooks/suspend-webhook.ts";
import type { DeliveryReport, DueAttempt } from "./deliver-webhook.ts";
import { RELAY_AFTER_MS } from "./relay-time.ts";

/** An endpoint that has failed for so long without one success is taken out of service. */
const FAILING_LIMIT_DAYS = 5;
const DAY_MS = 24 * 3600_000;

type Made = {
  readonly ctx: ServiceContext;
  readonly due: DueAttempt;
  readonly result: AttemptResult;
};

/** Records a 2xx: one write, and another only when the endpoint had been failing. */
export async function recordSuccess({ ctx, due, result }: Made): Promise<DeliveryReport> {
  const recorded = await ctx.stores.deliveries.recordAttempt({
    ...ended(ctx, due, result),
    state: "DELIVERED",
    errorMessage: null,
  });
  if (recorded && due.failing) {
    await unlessUnavailable(ctx, "the next success ends the endpoint's row of failures", () =>
      ctx.stores.webhooks.noteSuccess(due.target.webhook_id),
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
    failed: due.attempt - due.scheduleFrom,
    retryAfterSeconds: result.retryAfterSeconds,
    random: ctx.runtime.random,
  });
  const report =
    seconds === null
      ? await bury({ ctx, due, result })
      : await scheduleNext({ ctx, due, result }, seconds);
  if (report.kind !== "stale") {
    await unlessUnavailable(ctx, "the next failure is noted on the endpoint", () =>
      noteFailure(ctx, due, result),
    );
  }
  return report;
}

async function bury({ ctx, due, result }: Made): Promise<DeliveryReport> {
  const since = due.scheduleFrom > 0 ? " since it was resent" : "";
  const reason = `all ${MAX_ATTEMPTS} attempts${since} failed; the last: ${result.error}`;
  const recorded = await ctx.stores.deliveries.recordAttempt({
    ...ended(ctx, due, result),
    state: "DEAD",
    errorMessage: reason,
  });
  return recorded ? { kind: "dead", reason } : { kind: "stale" };
}

async function scheduleNext({ ctx, due, result }: Made, seconds: number): Promise<DeliveryReport> {
  const nextAttemptAt = new Date(ctx.runtime.now().getTime() + seconds * 1000);
  const recorded = await ctx.stores.deliveries.recordAttempt({
    ...ended(ctx, due, result),
    state: "PENDING",
    errorMessage: null,
    nextAttemptAt,
    relayAt: new Date(nextAttemptAt.getTime() + RELAY_AFTER_MS),
  });
  if (!recorded) return { kind: "stale" };
  const next = due.attempt + 1;
  await unlessUnavailable(ctx, "the relay publishes the next attempt", () =>
    ctx.stores.queue.publishDeliveries([
      {
        message: { delivery_id: due.deliveryId, attempt: next, snapshot: null },
        options: { delaySeconds: seconds, deduplicationId: `${due.deliveryId}-${next}` },
      },
    ]),
  );
  return { kind: "retrying", nextAttemptAt };
}

/** Starts the endpoint's row of failures, or ends the endpoint's service when the row is too long. */
async function noteFailure(
  ctx: ServiceContext,
  due: DueAttempt,
  { at, error }: AttemptResult,
): Promise<void> {
  const { webhooks } = ctx.stores;
  const id = due.target.webhook_id;
  const webhook = due.failing ? (due.webhook ?? (await webhooks.get(id))) : null;
  if (webhook === null || webhook.failing_since === null) return webhooks.noteFailure(id, at);
  if (at.getTime() - webhook.failing_since.getTime() < FAILING_LIMIT_DAYS * DAY_MS) return;
  const reason = `no attempt succeeded for ${FAILING_LIMIT_DAYS} days; the last: ${error}`;
  await suspendWebhook({ ctx, webhook, reason });
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
