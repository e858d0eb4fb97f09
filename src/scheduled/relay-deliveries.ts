import type { DeliverySummaryRecord } from "../ports/delivery-store.ts";
import type { WebhookRecord } from "../ports/webhook-store.ts";
import type { ServiceContext } from "../services/context.ts";
import { endOf, endpointHold } from "../services/deliveries/holds.ts";
import { isBlocked, wakeNext } from "../services/deliveries/order.ts";
import { publishAttempts } from "../services/deliveries/publish-attempts.ts";
import { HELD_RECHECK_MS } from "../services/deliveries/relay-time.ts";
import { inRounds, type IsSpent } from "./rounds.ts";

/** Deliveries per round, which are one request to the queue, and rounds per run. */
const DELIVERIES_PER_ROUND = 100;
const MAX_ROUNDS = 50;

/** How long a published attempt has until it is published once more. */
const POSTPONE_MS = 5 * 60_000;

const MINUTE_MS = 60_000;

/** What cron is to do about a delivery whose time has come. */
type Care = "publish" | "keep" | "wake";

/**
 * Publishes attempts that were due and never recorded: their message was lost, or the queue was
 * down, or what held them has gone and nobody released them. Publishes first: a crash in between
 * repeats a publish, which the queue drops, and never loses one. An attempt that is recorded
 * meanwhile has set its own relay time, which is kept. What is still held stays so, and of what is
 * settled the next of its task is woken, in an order that must be kept.
 */
export async function relayDeliveries(
  ctx: ServiceContext,
  now: Date,
  isSpent: IsSpent,
): Promise<{ readonly relayed: number }> {
  return {
    relayed: await inRounds({ maxRounds: MAX_ROUNDS, isSpent }, () => relaySome(ctx, now)),
  };
}

async function relaySome(ctx: ServiceContext, now: Date): Promise<number> {
  const { deliveries, webhooks } = ctx.stores;
  const due = await deliveries.dueForRelay(now, DELIVERIES_PER_ROUND);
  if (due.length === 0) return 0;
  const read = await webhooks.getMany([...new Set(due.map(({ webhook_id }) => webhook_id))]);
  const endpoints = new Map(read.map((webhook) => [webhook._id, webhook]));
  const cared = await Promise.all(
    due.map(async (delivery) => ({
      delivery,
      care: await careFor(ctx, delivery, endpoints.get(delivery.webhook_id) ?? null),
    })),
  );
  const those = (care: Care) =>
    cared.filter((one) => one.care === care).map(({ delivery }) => delivery);

  const published = those("publish");
  const minute = Math.floor(now.getTime() / MINUTE_MS);
  await publishAttempts(ctx, published, endpoints, { now, mark: `r${minute}` });
  const at = (ms: number) => new Date(now.getTime() + ms);
  await deliveries.postponeRelays(published, { relay_at: at(POSTPONE_MS), hold: null });
  await deliveries.postponeRelays(those("keep"), { relay_at: at(HELD_RECHECK_MS) });
  for (const settled of those("wake")) {
    const webhook = endpoints.get(settled.webhook_id);
    if (webhook === undefined) await deliveries.forgetRelay(settled._id);
    else await wakeNext(ctx, settled, webhook);
  }
  return due.length;
}

async function careFor(
  ctx: ServiceContext,
  delivery: DeliverySummaryRecord,
  webhook: WebhookRecord | null,
): Promise<Care> {
  if (delivery.state !== "PENDING") return "wake";
  // The message finds out whatever else there is to find out, and buries what has no endpoint.
  if (delivery.hold === null || webhook === null || endOf(webhook) !== null) return "publish";
  if (endpointHold(webhook, delivery._id) !== null) return "keep";
  const isKept = delivery.hold === "order" && (await isBlocked(ctx, delivery, webhook));
  return isKept ? "keep" : "publish";
}
