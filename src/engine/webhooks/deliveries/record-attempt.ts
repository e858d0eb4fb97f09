import type { AttemptRecord, DeliveryRecord, Hold } from "../../../ports/delivery-store.ts";
import type { PublishOptions } from "../../../ports/queue.ts";
import type { AttemptResult } from "../attempt.ts";
import { bestEffort } from "../../best-effort.ts";
import type { ServiceContext } from "../../context.ts";
import { MAX_ATTEMPTS, secondsUntilNextAttempt } from "../schedule.ts";
import { RELAY_AFTER_MS } from "./relay-time.ts";

/** What a message came to. */
export type DeliveryReport =
  | { readonly kind: "delivered" }
  | { readonly kind: "retrying"; readonly nextAttemptAt: Date }
  | { readonly kind: "dead"; readonly reason: string }
  /** Not attempted, and no attempt of its schedule used: who ends the hold has it published. */
  | { readonly kind: "held"; readonly hold: Hold }
  /** Nothing to do or nothing to decide: the attempt isn't the next of a PENDING delivery. */
  | { readonly kind: "stale" };

/** An attempt that is to be made. */
export type DueAttempt = {
  readonly deliveryId: string;
  /** From 1. */
  readonly attempt: number;
  /** The delivery as it was read; null when a first attempt's message stood for it. */
  readonly delivery: DeliveryRecord | null;
};

/** An attempt that was made at a delivery, whoever its target is. */
export type MadeAttempt = {
  readonly ctx: ServiceContext;
  readonly due: DueAttempt;
  readonly result: AttemptResult;
};

/**
 * Records an attempt after which none is due. One conditional write decides whether it counts: false
 * when another copy of the message was first. `relayAt` is when cron looks at the delivery again.
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
 * Records a failure: the next attempt is scheduled, or, after the last, the delivery is a dead letter.
 * Publishing that attempt is the caller's; until then the relay would.
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

/** Publishes the attempt after this one, which is stored; the relay does when the queue is down. */
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

/** When the relay looks at what was due at a time. */
export function relayAfter(at: Date): Date {
  return new Date(at.getTime() + RELAY_AFTER_MS);
}

/** The attempt as the log has it. */
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
