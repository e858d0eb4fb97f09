import type { DeliverySummaryRecord } from "../../ports/delivery-store.ts";
import type { RateLimit, EndpointRecord } from "../../ports/endpoint-store.ts";
import type { ServiceContext } from "../context.ts";
import { undeliverableReason, endpointHold } from "../webhooks/deliveries/holds.ts";
import { isBlocked, wakeNext } from "../webhooks/deliveries/order.ts";
import { publishAttempts } from "../webhooks/deliveries/publish-attempts.ts";
import { HELD_RECHECK_MS } from "../webhooks/deliveries/relay-time.ts";
import { inRounds, type IsSpent } from "./rounds.ts";

/** Deliveries per round, which are one request to the queue, and rounds per run. */
const DELIVERIES_PER_ROUND = 100;
const MAX_ROUNDS = 50;

/**
 * How long a published attempt has until it is published once more, at the least; otherwise as long
 * as it has been due. What only waits in a long queue is so published a few times, not every time.
 */
const POSTPONE_MS = 5 * 60_000;

/**
 * Of the attempts that an endpoint's rate limit allows, one in so many may be what the relay
 * publishes. Nearly all of that are copies of messages that wait for their turn, and a copy uses up
 * a turn too.
 */
const TURNS_PER_RELAY = 4;

const MINUTE_MS = 60_000;

/** What cron is to do about a delivery whose time has come. */
type RelayAction = "publish" | "later" | "keep" | "wake";

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
  const shares = new Map<string, number>();
  const relayed = await inRounds({ maxRounds: MAX_ROUNDS, isSpent }, () =>
    relaySome(ctx, now, shares),
  );
  return { relayed };
}

/** One round; `shares` has how many of the run each endpoint with a rate limit has left. */
async function relaySome(
  ctx: ServiceContext,
  now: Date,
  shares: Map<string, number>,
): Promise<number> {
  const { deliveries, webhooks } = ctx.stores;
  const due = await deliveries.dueForRelay(now, DELIVERIES_PER_ROUND);
  if (due.length === 0) return 0;
  const read = await webhooks.getMany([...new Set(due.map(({ webhook_id }) => webhook_id))]);
  const endpoints = new Map(read.map((webhook) => [webhook._id, webhook]));
  const wanted = await Promise.all(
    due.map(async (delivery) => ({
      delivery,
      action: await actionFor(ctx, delivery, endpoints.get(delivery.webhook_id) ?? null),
    })),
  );
  const minute = Math.floor(now.getTime() / MINUTE_MS);
  // One by one, since each takes of the endpoint's share.
  const decided = wanted.map(({ delivery, action }) => ({
    delivery,
    action: action === "publish" ? withinShare(delivery, endpoints, shares, minute) : action,
  }));
  const withAction = (action: RelayAction) =>
    decided.filter((one) => one.action === action).map(({ delivery }) => delivery);

  const published = withAction("publish");
  await publishAttempts(ctx, published, endpoints, { now, mark: `r${minute}` });
  await deliveries.postponeRelays(published, (one) => ({
    relay_at: nextRelay(one, now),
    hold: null,
  }));
  await deliveries.postponeRelays(withAction("later"), ({ webhook_id }) => ({
    relay_at: nextShare(endpoints.get(webhook_id), now),
  }));
  const recheckAt = new Date(now.getTime() + HELD_RECHECK_MS);
  await deliveries.postponeRelays(withAction("keep"), () => ({ relay_at: recheckAt }));
  for (const settled of withAction("wake")) {
    const webhook = endpoints.get(settled.webhook_id);
    if (webhook === undefined) await deliveries.forgetRelay(settled._id);
    else await wakeNext(ctx, settled, webhook);
  }
  return due.length;
}

async function actionFor(
  ctx: ServiceContext,
  delivery: DeliverySummaryRecord,
  webhook: EndpointRecord | null,
): Promise<RelayAction> {
  if (delivery.state !== "PENDING") return "wake";
  // The message finds out whatever else there is to find out, and makes a dead letter of what has no endpoint.
  if (delivery.hold === null || webhook === null || undeliverableReason(webhook) !== null)
    return "publish";
  if (endpointHold(webhook, delivery._id) !== null) return "keep";
  const isKept = delivery.hold === "order" && (await isBlocked(ctx, delivery, webhook));
  return isKept ? "keep" : "publish";
}

/** Doubles the time that an attempt has been due. */
function nextRelay({ next_attempt_at }: DeliverySummaryRecord, now: Date): Date {
  const waitedMs = now.getTime() - (next_attempt_at?.getTime() ?? now.getTime());
  return new Date(now.getTime() + Math.max(POSTPONE_MS, waitedMs));
}

/** Takes one of its endpoint's share for this run, if there is one left. */
function withinShare(
  { webhook_id }: DeliverySummaryRecord,
  endpoints: ReadonlyMap<string, EndpointRecord>,
  shares: Map<string, number>,
  minute: number,
): RelayAction {
  const limit = endpoints.get(webhook_id)?.rate_limit ?? null;
  if (limit === null) return "publish";
  const { copies, everyMinutes } = relayShare(limit);
  const left = shares.get(webhook_id) ?? (minute % everyMinutes === 0 ? copies : 0);
  shares.set(webhook_id, left - 1);
  return left > 0 ? "publish" : "later";
}

/** How many copies an endpoint with a rate limit may be sent, in every so many minutes. */
function relayShare({ max, period_seconds }: RateLimit) {
  const perMinute = (max * 60) / period_seconds / TURNS_PER_RELAY;
  return perMinute >= 1
    ? { copies: Math.floor(perMinute), everyMinutes: 1 }
    : { copies: 1, everyMinutes: Math.ceil(1 / perMinute) };
}

/** When what found no share left looks for one again: in a minute that has one, so that none looks in vain for ever. */
function nextShare(webhook: EndpointRecord | undefined, now: Date): Date {
  const limit = webhook?.rate_limit ?? null;
  const everyMs = limit === null ? MINUTE_MS : relayShare(limit).everyMinutes * MINUTE_MS;
  const afterMs = now.getTime() + (everyMs > MINUTE_MS ? 1 : POSTPONE_MS);
  return new Date(Math.ceil(afterMs / everyMs) * everyMs);
}
