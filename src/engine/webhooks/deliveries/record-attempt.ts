import type { AttemptRecord, DeliveryRecord, Hold } from "../../../ports/delivery-store.ts";
import type { PublishOptions } from "../../../ports/queue.ts";
import type { AttemptResult } from "../attempt.ts";
import { bestEffort } from "../../best-effort.ts";
import type { ServiceContext } from "../../context.ts";
import { MAX_ATTEMPTS, secondsUntilNextAttempt } from "../schedule.ts";
import { RELAY_AFTER_MS } from "./relay-time.ts";

/** The result of handling a message. */
export type DeliveryReport =
  | { readonly kind: "delivered" }
  | { readonly kind: "retrying"; readonly nextAttemptAt: Date }
  | { readonly kind: "dead"; readonly reason: string }
  /** Held: nothing was attempted, and its schedule is unchanged. Ending the hold publishes it. */
  | { readonly kind: "held"; readonly hold: Hold }
  /** Nothing to do: the attempt isn't the next one of a PENDING delivery. */
  | { readonly kind: "stale" };

/** An attempt to make. */
export type DueAttempt = {
  readonly deliveryId: string;
  /** From 1. */
  readonly attempt: number;
  /** The delivery as read; null when a first attempt relied on its message. */
  readonly delivery: DeliveryRecord | null;
};

/** An attempt that was made at a delivery, whatever its target. */
export type MadeAttempt = {
  readonly ctx: ServiceContext;
  readonly due: DueAttempt;
  readonly result: AttemptResult;
};

/**
 * Records an attempt after which none is due. One conditional write decides whether it counts;
 * false when another copy of the message was faster. `relayAt` is when cron looks at the delivery
 * again.
 */
export function recordEnd(
  { ctx, due, result }: MadeAttempt,
  state: "DELIVERED" | "DEAD",
  errorMessage: string | null,
  relayAt: Date | null = null,
): Promise<boolean> {
  return ctx.stores.deliveries.recordAttempt({
    ...attemptFields(ctx, due, result),
    state,
    errorMessage,
    nextAttemptAt: null,
    relayAt,
  });
}

/** Records an attempt after which the delivery is a dead letter. */
export async function recordDead(made: MadeAttempt, reason: string): Promise<DeliveryReport> {
  return (await recordEnd(made, "DEAD", reason)) ? { kind: "dead", reason } : { kind: "stale" };
}

/**
 * Records a failure: the next attempt is scheduled, or, after the last, the delivery is a dead
 * letter. The caller publishes that attempt; if it doesn't, the relay does.
 */
export async function recordRetry(made: MadeAttempt): Promise<DeliveryReport> {
  const { ctx, due, result } = made;
  const scheduleFrom = due.delivery?.schedule_from ?? 0;
  const seconds = secondsUntilNextAttempt({
    failed: due.attempt - scheduleFrom,
    retryAfterSeconds: result.retryAfterSeconds,
    random: ctx.runtime.random,
  });
  if (seconds === null) {
    const since = scheduleFrom > 0 ? " since it was resent" : "";
    return recordDead(
      made,
      `all ${MAX_ATTEMPTS} attempts${since} failed; the last: ${result.error}`,
    );
  }
  const nextAttemptAt = new Date(ctx.runtime.now().getTime() + seconds * 1000);
  const isRecorded = await ctx.stores.deliveries.recordAttempt({
    ...attemptFields(ctx, due, result),
    state: "PENDING",
    errorMessage: null,
    nextAttemptAt,
    relayAt: relayAfter(nextAttemptAt),
  });
  return isRecorded ? { kind: "retrying", nextAttemptAt } : { kind: "stale" };
}

/** Publishes the stored next attempt; if the queue is down, the relay does it later. */
export async function publishNext(
  { ctx, due }: MadeAttempt,
  nextAttemptAt: Date,
  options: Pick<PublishOptions, "flowControl">,
): Promise<void> {
  const attempt = due.attempt + 1;
  const waitMs = nextAttemptAt.getTime() - ctx.runtime.now().getTime();
  await bestEffort(ctx, { log: "the relay publishes the next attempt" }, () =>
    ctx.stores.queue.publishDeliveries([
      {
        message: { delivery_id: due.deliveryId, attempt, snapshot: null },
        options: {
          delaySeconds: Math.max(1, Math.ceil(waitMs / 1000)),
          deduplicationId: `${due.deliveryId}-${attempt}`,
          ...options,
        },
      },
    ]),
  );
}

/** When the relay looks at an attempt that was due at a given time. */
export function relayAfter(at: Date): Date {
  return new Date(at.getTime() + RELAY_AFTER_MS);
}

/** The attempt in the form of the log. */
function attemptFields(ctx: ServiceContext, due: DueAttempt, result: AttemptResult) {
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
  return { deliveryId: due.deliveryId, attempt, at: ctx.runtime.now() };
}
