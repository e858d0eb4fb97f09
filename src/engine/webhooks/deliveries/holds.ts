import type { Hold } from "../../../ports/delivery-store.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";

/**
 * Why an endpoint's state holds a delivery; null: it doesn't. No clock is read: cron finds that a
 * cool-down is over. A half-open circuit lets its probe through or, when it has none, the first
 * delivery that claims the probe.
 */
export function endpointHold(
  webhook: EndpointRecord,
  deliveryId: string,
): Exclude<Hold, "order"> | null {
  if (isPaused(webhook)) return "paused";
  const { state, probe_delivery_id } = webhook.circuit;
  switch (state) {
    case "closed":
      return null;
    case "open":
      return "circuit";
    case "half_open":
      return probe_delivery_id === null || probe_delivery_id === deliveryId ? null : "circuit";
  }
}

/** Whether an endpoint collects deliveries until its owner resumes it. */
export function isPaused({ status, suspended_by }: EndpointRecord): boolean {
  return status === "SUSPENDED" && suspended_by === "owner";
}

/** Why deliveries to an endpoint become dead letters; null: they don't. */
export function undeliverableReason(webhook: EndpointRecord | null): string | null {
  if (webhook === null) return "the endpoint was removed";
  if (webhook.url === null) return "the endpoint has no URL any more: its consumer polls";
  if (webhook.status === "ACTIVE" || isPaused(webhook)) return null;
  return `the endpoint is ${webhook.status}: ${webhook.status_reason ?? "no reason given"}`;
}

/**
 * Whether a first attempt can rely on its message alone: the circuit of an endpoint that just
 * failed may be about to open, and an ordered delivery must look up its place.
 */
export function mayCarrySnapshot({ failing_since, ordering }: EndpointRecord): boolean {
  return failing_since === null && ordering === "none";
}
