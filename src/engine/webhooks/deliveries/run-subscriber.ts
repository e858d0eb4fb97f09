import type { DeliveryRecord, EventRecord } from "../../../ports/delivery-store.ts";
import { NonRetryableError } from "../../../ports/errors.ts";
import { MAX_ATTEMPTS, secondsUntilNextAttempt } from "../schedule.ts";
import type { ServiceContext } from "../../context.ts";
import { unlessUnavailable } from "../../best-effort.ts";
import type { DeliveryReport } from "./deliver-webhook.ts";
import { RELAY_AFTER_MS } from "./relay-time.ts";
import type { SubscriberContext } from "../../subscriber.ts";

/** How long a subscriber has for one event, in milliseconds: well within the queue's patience and the relay's. */
export const SUBSCRIBER_TIMEOUT_MS = 30_000;

const ERROR_LIMIT_CHARACTERS = 300;

/** What came of one call. */
type Outcome =
  | { readonly kind: "handled" }
  | { readonly kind: "failed"; readonly error: string }
  /** Another attempt would fail likewise. */
  | { readonly kind: "hopeless"; readonly error: string };

/**
 * Makes one attempt at a delivery whose target is a subscriber in code, and records it, as an attempt
 * at an endpoint is: one conditional write decides whether it counts, failures follow the same
 * schedule, and after the last the delivery is dead (P3). A subscriber that this deployment doesn't
 * have is a failed attempt: a version of the worker that has it may be on its way.
 */
export async function runSubscriber({
  ctx,
  input,
}: {
  ctx: ServiceContext;
  input: { readonly delivery: DeliveryRecord; readonly name: string };
}): Promise<DeliveryReport> {
  const { delivery, name } = input;
  const event = await ctx.stores.events.get(delivery.event_id);
  if (event === null) {
    const reason = "the event is no longer kept";
    await ctx.stores.deliveries.abandon(delivery._id, reason, ctx.runtime.now());
    return { kind: "dead", reason };
  }
  const at = ctx.runtime.now();
  const outcome = await call(ctx, delivery, name, event);
  return record({ ctx, delivery, at, outcome });
}

/** An attempt that was made, and when it began. */
type Made = {
  readonly ctx: ServiceContext;
  readonly delivery: DeliveryRecord;
  readonly at: Date;
  readonly outcome: Outcome;
};

async function record(made: Made): Promise<DeliveryReport> {
  const { ctx, delivery, outcome } = made;
  switch (outcome.kind) {
    case "handled":
      return (await end(made, "DELIVERED", null)) ? { kind: "delivered" } : { kind: "stale" };
    case "hopeless":
      return bury(made, outcome.error);
    case "failed": {
      const seconds = secondsUntilNextAttempt({
        failed: delivery.attempt_count + 1 - delivery.schedule_from,
        retryAfterSeconds: null,
        random: ctx.runtime.random,
      });
      return seconds === null
        ? bury(made, `all ${MAX_ATTEMPTS} attempts failed; the last: ${outcome.error}`)
        : scheduleNext(made, seconds);
    }
  }
}

async function bury(made: Made, reason: string): Promise<DeliveryReport> {
  return (await end(made, "DEAD", reason)) ? { kind: "dead", reason } : { kind: "stale" };
}

/** Records an attempt after which none is due; false when another copy of the message was first. */
function end(made: Made, state: "DELIVERED" | "DEAD", errorMessage: string | null) {
  return made.ctx.stores.deliveries.recordAttempt({
    ...attemptOf(made),
    state,
    errorMessage,
    nextAttemptAt: null,
    relayAt: null,
  });
}

async function scheduleNext(made: Made, seconds: number): Promise<DeliveryReport> {
  const { ctx, delivery } = made;
  const nextAttemptAt = new Date(ctx.runtime.now().getTime() + seconds * 1000);
  const isRecorded = await ctx.stores.deliveries.recordAttempt({
    ...attemptOf(made),
    state: "PENDING",
    errorMessage: null,
    nextAttemptAt,
    relayAt: new Date(nextAttemptAt.getTime() + RELAY_AFTER_MS),
  });
  if (!isRecorded) return { kind: "stale" };
  const attempt = delivery.attempt_count + 2;
  await unlessUnavailable(ctx, "the relay publishes the next attempt", () =>
    ctx.stores.queue.publishDeliveries([
      {
        message: { delivery_id: delivery._id, attempt, snapshot: null },
        options: { delaySeconds: seconds, deduplicationId: `${delivery._id}-${attempt}` },
      },
    ]),
  );
  return { kind: "retrying", nextAttemptAt };
}

/** The attempt as the log has it. */
function attemptOf({ ctx, delivery, at, outcome }: Made) {
  const now = ctx.runtime.now();
  return {
    deliveryId: delivery._id,
    at: now,
    attempt: {
      write_id: ctx.runtime.newId("delivery"),
      attempt: delivery.attempt_count + 1,
      at,
      // Clocks may step back.
      latency_ms: Math.max(0, now.getTime() - at.getTime()),
      response_status: null,
      response_headers: null,
      response_body: null,
      error: outcome.kind === "handled" ? null : outcome.error,
    },
  };
}

/** Calls the subscriber, for so long. Never throws. */
async function call(
  ctx: ServiceContext,
  delivery: DeliveryRecord,
  name: string,
  event: EventRecord,
): Promise<Outcome> {
  const subscriber = ctx.subscribers.get(name);
  if (subscriber === undefined) {
    return { kind: "failed", error: `this deployment has no subscriber "${name}"` };
  }
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const timedOut = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const error = new Error(`not done within ${SUBSCRIBER_TIMEOUT_MS / 1000} s`);
        abort.abort(error);
        reject(error);
      }, SUBSCRIBER_TIMEOUT_MS);
    });
    await Promise.race([
      subscriber.handle(event, contextOf(ctx, delivery, abort.signal)),
      timedOut,
    ]);
    return { kind: "handled" };
  } catch (error) {
    ctx.runtime.log("warn", "a subscriber failed", {
      subscriber: name,
      event_id: event._id,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    if (error instanceof NonRetryableError) {
      return { kind: "hopeless", error: short(`${error.code}: ${error.message}`) };
    }
    return { kind: "failed", error: short(error instanceof Error ? error.message : String(error)) };
  } finally {
    clearTimeout(timer);
  }
}

function contextOf(
  { runtime, stores }: ServiceContext,
  delivery: DeliveryRecord,
  signal: AbortSignal,
): SubscriberContext {
  return {
    idempotencyId: delivery._id,
    attempt: delivery.attempt_count + 1,
    signal,
    runtime,
    stores,
  };
}

function short(text: string): string {
  return text.slice(0, ERROR_LIMIT_CHARACTERS);
}
