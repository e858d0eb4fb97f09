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
  /** As it was read with the delivery; null when a first attempt's message stood for both: then it was well. */
  readonly webhook: EndpointRecord | null;
};

type Made = {
  readonly ctx: ServiceContext;
  readonly due: EndpointAttempt;
  readonly result: AttemptResult;
};

/**
 * Records a 2xx: one write, and others only when the endpoint had been failing, or keeps order.
 * Then the record says that cron is to wake the next delivery if this one doesn't come to it.
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

/** Records a 410: the delivery is dead, and the endpoint gets nothing more. */
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
 * Records a failure and has the next attempt published, if there is one. What follows the record may
 * fail without harm, and must not make the queue send this message again: the relay publishes the
 * attempt that was scheduled.
 */
export async function recordFailure(made: Made): Promise<DeliveryReport> {
  const { ctx, due, result } = made;
  const report = await recordRetry(made);
  if (report.kind === "stale") return report;
  let webhook: EndpointRecord | null = null;
  await bestEffort(ctx, { log: "the next failure is noted on the endpoint" }, async () => {
    webhook = await noteFailure(ctx, due, result);
  });
  // Of an endpoint that can't be read the limits aren't known: the relay publishes then.
  if (report.kind === "retrying" && webhook !== null) {
    await publishOrHold(made, report.nextAttemptAt, webhook);
  }
  return report;
}

/** Publishes the attempt that was stored, or holds it if its time comes before the circuit's. */
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
 * Records the attempt of a test, which is its last whatever came of it: who tests looks at the
 * answer and tries again. The endpoint's row of failures and its status are about real events, and
 * stay as they are, also at a 410.
 */
export async function recordTest(made: Made): Promise<DeliveryReport> {
  const { error } = made.result;
  if (error !== null) return recordDead(made, `the test failed: ${error}`);
  return (await recordEnd(made, "DELIVERED", null)) ? { kind: "delivered" } : { kind: "stale" };
}
