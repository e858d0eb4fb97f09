import type { DeliveryRecord, EventRecord } from "../../../ports/delivery-store.ts";
import { NonRetryableError } from "../../../ports/errors.ts";
import type { AttemptResult } from "../attempt.ts";
import type { ServiceContext } from "../../context.ts";
import {
  type DeliveryReport,
  publishNext,
  recordDead,
  recordEnd,
  recordRetry,
} from "./record-attempt.ts";
import type { SubscriberContext } from "../../subscriber.ts";

/** How long a subscriber has for one event, in milliseconds: well within the queue's patience and the relay's. */
export const SUBSCRIBER_TIMEOUT_MS = 30_000;

const ERROR_LIMIT_CHARACTERS = 300;

/** The result of one call. */
type Outcome =
  | { readonly kind: "handled" }
  | { readonly kind: "failed"; readonly error: string }
  /** Another attempt would fail the same way. */
  | { readonly kind: "hopeless"; readonly error: string };

/**
 * Makes one attempt at a delivery whose target is a subscriber in code, and records it, as an
 * attempt at an endpoint is: one conditional write decides whether it counts, failures follow the
 * same schedule, and after the last the delivery is a dead letter (P3). An unknown subscriber is a
 * failed attempt: a version of the worker that has it may be about to be deployed.
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
    await ctx.stores.deliveries.markDead(delivery._id, reason, ctx.runtime.now());
    return { kind: "dead", reason };
  }
  const at = ctx.runtime.now();
  const outcome = await call(ctx, delivery, name, event);
  const due = { deliveryId: delivery._id, attempt: delivery.attempt_count + 1, delivery };
  const made = { ctx, due, result: resultOf(outcome, at, ctx.runtime.now()) };
  switch (outcome.kind) {
    case "handled":
      return (await recordEnd(made, "DELIVERED", null)) ? { kind: "delivered" } : { kind: "stale" };
    case "hopeless":
      return recordDead(made, outcome.error);
    case "failed": {
      const report = await recordRetry(made);
      if (report.kind === "retrying") await publishNext(made, report.nextAttemptAt, {});
      return report;
    }
  }
}

/** The call in the form of a logged attempt: there was no HTTP response. */
function resultOf(outcome: Outcome, at: Date, end: Date): AttemptResult {
  return {
    at,
    // Clocks may step back.
    latencyMs: Math.max(0, end.getTime() - at.getTime()),
    responseStatus: null,
    responseHeaders: null,
    responseBody: null,
    error: outcome.kind === "handled" ? null : outcome.error,
    retryAfterSeconds: null,
  };
}

/** Calls the subscriber with a time limit. Never throws. */
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
  { runtime, stores, database, env }: ServiceContext,
  delivery: DeliveryRecord,
  signal: AbortSignal,
): SubscriberContext {
  return {
    idempotencyId: delivery._id,
    attempt: delivery.attempt_count + 1,
    signal,
    runtime,
    stores,
    database,
    env,
  };
}

function short(text: string): string {
  return text.slice(0, ERROR_LIMIT_CHARACTERS);
}
