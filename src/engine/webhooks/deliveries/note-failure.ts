import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import type { AttemptResult, AttemptTarget } from "../attempt.ts";
import { CIRCUIT_THRESHOLD, coolDownMs } from "../circuit.ts";
import type { ServiceContext } from "../../context.ts";
import { suspendEndpoint } from "../endpoints/suspend-endpoint.ts";

/** An endpoint that has failed for so long without one success is taken out of service. */
const FAILING_LIMIT_DAYS = 5;
const DAY_MS = 24 * 3600_000;

/**
 * How long before a row of failures a delivery may have been made and succeed within it: a success
 * that its message's snapshot paid for isn't noted on the endpoint.
 */
const SNAPSHOT_AGE_MS = 15 * 60_000;

/** What of an attempt at an endpoint decides what its failure means for the endpoint. */
type FailedAttempt = {
  readonly deliveryId: string;
  readonly target: Pick<AttemptTarget, "webhook_id">;
  /** As it was read before the attempt; null when it wasn't, and the endpoint was well. */
  readonly webhook: EndpointRecord | null;
};

/**
 * Counts a failed attempt on its endpoint, and ends the endpoint's service when the row of
 * failures is too long, or opens its circuit when there are too many; the endpoint as it is then,
 * null when it was removed. Both go on together: while the circuit is open the probes fail.
 */
export async function noteFailure(
  ctx: ServiceContext,
  due: FailedAttempt,
  { at, error }: AttemptResult,
): Promise<EndpointRecord | null> {
  const isFailing = due.webhook !== null && due.webhook.failing_since !== null;
  const webhook = await ctx.stores.webhooks.noteFailure(due.target.webhook_id, at, isFailing);
  if (webhook === null || webhook.status !== "ACTIVE" || webhook.failing_since === null) {
    return webhook;
  }
  if (at.getTime() - webhook.failing_since.getTime() >= FAILING_LIMIT_DAYS * DAY_MS) {
    const reason = `no attempt succeeded for ${FAILING_LIMIT_DAYS} days; the last: ${error}`;
    await suspendEndpoint({ ctx, webhook, reason });
    return webhook;
  }
  return (await mayOpen(ctx, due, webhook, webhook.failing_since, at))
    ? open(ctx, webhook)
    : webhook;
}

/**
 * Whether this failure opens the circuit: the probe's, or that which makes the row too long. First
 * attempts succeed without a word to the endpoint, so the log is asked before it is left alone; if
 * it knows of a success, the row begins anew. A probe that came too late isn't waited for any more.
 */
async function mayOpen(
  ctx: ServiceContext,
  due: FailedAttempt,
  webhook: EndpointRecord,
  failingSince: Date,
  at: Date,
): Promise<boolean> {
  const { circuit } = webhook;
  if (circuit.state === "half_open") return circuit.probe_delivery_id === due.deliveryId;
  if (circuit.state === "open" || circuit.consecutive_failures < CIRCUIT_THRESHOLD) return false;
  const madeSince = new Date(failingSince.getTime() - SNAPSHOT_AGE_MS);
  if (!(await ctx.stores.deliveries.hasSucceeded(webhook._id, failingSince, madeSince)))
    return true;
  await ctx.stores.webhooks.restartFailures(webhook, at);
  return false;
}

async function open(ctx: ServiceContext, webhook: EndpointRecord): Promise<EndpointRecord> {
  const { runtime, stores, memory } = ctx;
  const { openings } = webhook.circuit;
  const openUntil = new Date(runtime.now().getTime() + coolDownMs(openings, runtime.random));
  if (!(await stores.webhooks.openCircuit(webhook, openUntil))) return webhook;
  memory.openCircuits.set(webhook._id, openUntil);
  runtime.log("warn", "webhook circuit opened", {
    webhook_id: webhook._id,
    open_until: openUntil.toISOString(),
    consecutive_failures: webhook.circuit.consecutive_failures,
  });
  const opened = { state: "open", open_until: openUntil, probe_delivery_id: null } as const;
  return { ...webhook, circuit: { ...webhook.circuit, ...opened } };
}
