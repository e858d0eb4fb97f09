import type { Hold } from "../../../ports/delivery-store.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";

/**
 * What keeps a delivery from being attempted because of its endpoint; null: nothing. No clock is
 * read: that a cool-down is over is for cron to find. A half-open circuit lets its probe through,
 * or, when it has none, whoever comes and takes it.
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

/** Why deliveries to an endpoint go to the dead letters; null: they don't. */
export function undeliverableReason(webhook: EndpointRecord | null): string | null {
  if (webhook === null) return "the endpoint was removed";
  if (webhook.url === null) return "the endpoint has no URL any more: its consumer polls";
  if (webhook.status === "ACTIVE" || isPaused(webhook)) return null;
  return `the endpoint is ${webhook.status}: ${webhook.status_reason ?? "no reason given"}`;
}

/**
 * Whether a first attempt may be made from what stands in its message: an endpoint that failed
 * last time may be about to be left alone, and one that wants order has its place to be looked up.
 */
export function mayCarrySnapshot({ failing_since, ordering }: EndpointRecord): boolean {
  return failing_since === null && ordering === "none";
}
