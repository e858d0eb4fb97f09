import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import type { AttemptResult, AttemptTarget } from "../attempt.ts";
import { CIRCUIT_THRESHOLD, coolDownMs } from "../circuit.ts";
import type { ServiceContext } from "../../context.ts";
import { suspendEndpoint } from "../endpoints/suspend-endpoint.ts";

/** An endpoint that fails for this long without a success is suspended. */
const FAILING_LIMIT_DAYS = 5;
const DAY_MS = 24 * 3600_000;

/**
 * How long before a run of failures a delivery may have been created and still succeed within it: a
 * success that used only its message's snapshot isn't recorded on the endpoint.
 */
const SNAPSHOT_AGE_MS = 15 * 60_000;

/** What determines the effect of a failed attempt on its endpoint. */
type FailedAttempt = {
  readonly deliveryId: string;
  readonly target: Pick<AttemptTarget, "webhook_id">;
  /** As read before the attempt; null when it wasn't read because the endpoint was healthy. */
  readonly webhook: EndpointRecord | null;
};

/**
 * Counts a failed attempt on its endpoint. Suspends the endpoint when it has been failing for too
 * long, or opens its circuit after too many failures. Returns the updated endpoint; null when it
 * was removed. Both limits apply together: while the circuit is open, failed probes count.
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
 * Whether this failure opens the circuit: a failed probe does, and so does the failure that reaches
 * the limit. Successful first attempts aren't recorded on the endpoint, so the delivery log is
 * checked first; if it shows a success, the count restarts. A probe that comes too late is no
 * longer waited for.
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
