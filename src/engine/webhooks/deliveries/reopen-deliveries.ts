import type { ErrorCode } from "../../../contract/problem.ts";
import type { DeliverySummaryRecord } from "../../../ports/delivery-store.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import type { ServiceContext } from "../../context.ts";
import { bestEffort } from "../../best-effort.ts";
import { publishAttempts } from "./publish-attempts.ts";
import { RELAY_AFTER_MS } from "./relay-time.ts";
import { subscriberOf } from "./subscriber-target.ts";

/**
 * The number of attempts after which a delivery can't be reopened: each attempt takes up to about
 * 16 KB, and the document must stay under MongoDB's 16 MB.
 */
export const MAX_LOGGED_ATTEMPTS = 500;

/** Messages in one publish; without a payload they are small. */
const MESSAGES_PER_PUBLISH = 100;

/** Why a delivery may not be reopened; null when it may. */
export function reopenRefusal(
  delivery: Pick<DeliverySummaryRecord, "attempt_count" | "webhook_id">,
  webhook: Pick<EndpointRecord, "status" | "url"> | null,
): Extract<
  ErrorCode,
  "webhook_not_active" | "webhook_has_no_url" | "delivery_not_resendable"
> | null {
  const isForEndpoint = subscriberOf(delivery.webhook_id) === null;
  if (isForEndpoint && webhook?.status !== "ACTIVE") return "webhook_not_active";
  if (webhook?.url === null) return "webhook_has_no_url";
  return delivery.attempt_count >= MAX_LOGGED_ATTEMPTS ? "delivery_not_resendable" : null;
}

/**
 * Queues deliveries again, with a fresh schedule and the same `webhook-id`, and returns them as
 * they are afterwards. Pending deliveries are left alone, and so are those that a call with this
 * key already reopened. Stored first, then published: if the queue is down, or after a crash in
 * between, the relay publishes what is stored (P3).
 */
export async function reopenDeliveries({
  ctx,
  deliveries,
  webhooks,
  key,
}: {
  ctx: ServiceContext;
  deliveries: readonly DeliverySummaryRecord[];
  /** Their endpoints, by id. */
  webhooks: ReadonlyMap<string, EndpointRecord>;
  key: string;
}): Promise<readonly DeliverySummaryRecord[]> {
  if (deliveries.length === 0) return [];
  const at = ctx.runtime.now();
  const relayAt = new Date(at.getTime() + RELAY_AFTER_MS);
  await ctx.stores.deliveries.reopenMany(deliveries, { key, relayAt, at });
  const after = await ctx.stores.deliveries.getMany(deliveries.map(({ _id }) => _id));
  const reopened = after.filter((delivery) => isReopened(delivery, key, at));
  await bestEffort(ctx, { log: "the relay publishes the deliveries" }, async () => {
    for (let start = 0; start < reopened.length; start += MESSAGES_PER_PUBLISH) {
      const some = reopened.slice(start, start + MESSAGES_PER_PUBLISH);
      await publishAttempts(ctx, some, webhooks, { now: at, mark: `o${at.getTime()}` });
    }
  });
  return after;
}

/**
 * Whether this very call reopened it and nothing has happened since; another attempt has a
 * different time.
 */
function isReopened(delivery: DeliverySummaryRecord, key: string, at: Date): boolean {
  const { state, resend_key, updated_at } = delivery;
  return state === "PENDING" && resend_key === key && updated_at.getTime() === at.getTime();
}
