import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import type { AttemptResult, AttemptTarget } from "../attempt.ts";
import { bestEffort } from "../../best-effort.ts";
import type { ServiceContext } from "../../context.ts";
import { suspendEndpoint } from "../endpoints/suspend-endpoint.ts";
import { noteFailure } from "./note-failure.ts";
import { placeOf, wakeNext } from "./order.ts";
import { flowControlOf } from "./publish-attempts.ts";
import {
  type DeliveryReport,
  type DueAttempt,
  publishNext,
  recordDead,
  recordEnd,
  recordRetry,
  relayAfter,
} from "./record-attempt.ts";

/** An attempt at an endpoint. */
export type EndpointAttempt = DueAttempt & {
  readonly target: AttemptTarget;
  /**
   * As read with the delivery; null when a first attempt relied on its message, so the endpoint was
   * healthy.
   */
  readonly webhook: EndpointRecord | null;
};

type Made = {
  readonly ctx: ServiceContext;
  readonly due: EndpointAttempt;
  readonly result: AttemptResult;
};

/**
 * Records a 2xx with one write; more are needed only when the endpoint had been failing or wants
 * order. With order, the record tells cron to wake the next delivery if this call doesn't get to
 * it.
 */
export async function recordSuccess(made: Made): Promise<DeliveryReport> {
  const { ctx, due } = made;
  const { delivery, webhook } = due;
  const now = ctx.runtime.now();
  const isOrdered = webhook !== null && delivery !== null && placeOf(delivery, webhook) !== null;
  const recorded = await recordEnd(made, "DELIVERED", null, isOrdered ? relayAfter(now) : null);
  if (recorded && webhook !== null && webhook.failing_since !== null) {
    await bestEffort(ctx, { log: "the next success ends the endpoint's row of failures" }, () =>
      ctx.stores.webhooks.noteSuccess(webhook, now),
    );
    ctx.memory.openCircuits.delete(webhook._id);
  }
  if (recorded && isOrdered) {
    await bestEffort(ctx, { log: "the relay wakes the next delivery of the task" }, () =>
      wakeNext(ctx, delivery, webhook),
    );
  }
  return recorded ? { kind: "delivered" } : { kind: "stale" };
}

/** Records a 410: the delivery is a dead letter, and the endpoint is suspended. */
export async function recordGone(made: Made): Promise<DeliveryReport> {
  const { ctx, due } = made;
  const reason = "the endpoint answered 410 Gone";
  const report = await recordDead(made, reason);
  await bestEffort(ctx, { log: "the next 410 suspends the endpoint" }, async () => {
    const webhook = due.webhook ?? (await ctx.stores.webhooks.get(due.target.webhook_id));
    if (webhook !== null) await suspendEndpoint({ ctx, webhook, reason });
  });
  return report;
}

/**
 * Records a failure and publishes the next attempt, if there is one. Steps after the record may
 * fail without harm and must not make the queue resend this message: the relay publishes the
 * scheduled attempt.
 */
export async function recordFailure(made: Made): Promise<DeliveryReport> {
  const { ctx, due, result } = made;
  const report = await recordRetry(made);
  if (report.kind === "stale") return report;
  let webhook: EndpointRecord | null = null;
  await bestEffort(ctx, { log: "the next failure is noted on the endpoint" }, async () => {
    webhook = await noteFailure(ctx, due, result);
  });
  // Without the endpoint its limits are unknown, so the relay publishes later.
  if (report.kind === "retrying" && webhook !== null) {
    await publishOrHold(made, report.nextAttemptAt, webhook);
  }
  return report;
}

/** Publishes the stored attempt, or holds it if it is due before the circuit's cool-down ends. */
async function publishOrHold(
  made: Made,
  nextAttemptAt: Date,
  webhook: EndpointRecord,
): Promise<void> {
  const { ctx, due } = made;
  const { open_until } = webhook.circuit;
  if (open_until === null || nextAttemptAt >= open_until) {
    return publishNext(made, nextAttemptAt, flowControlOf(webhook));
  }
  const stored = {
    _id: due.deliveryId,
    attempt_count: due.attempt,
    next_attempt_at: nextAttemptAt,
    relay_at: relayAfter(nextAttemptAt),
  };
  await bestEffort(ctx, { log: "the relay publishes the next attempt" }, () =>
    ctx.stores.deliveries.hold(stored, "circuit", relayAfter(ctx.runtime.now())),
  );
}

/**
 * Records the attempt of a test, which is never retried: the tester sees the result and can repeat
 * the test. The endpoint's failure count and status reflect only real events and stay unchanged,
 * even after a 410.
 */
export async function recordTest(made: Made): Promise<DeliveryReport> {
  const { error } = made.result;
  if (error !== null) return recordDead(made, `the test failed: ${error}`);
  return (await recordEnd(made, "DELIVERED", null)) ? { kind: "delivered" } : { kind: "stale" };
}
