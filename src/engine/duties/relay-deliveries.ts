import type { DeliverySummaryRecord } from "../../ports/delivery-store.ts";
import type { RateLimit, EndpointRecord } from "../../ports/endpoint-store.ts";
import type { ServiceContext } from "../context.ts";
import { undeliverableReason, endpointHold } from "../webhooks/deliveries/holds.ts";
import { isBlocked, wakeNext } from "../webhooks/deliveries/order.ts";
import { publishAttempts } from "../webhooks/deliveries/publish-attempts.ts";
import { HELD_RECHECK_MS } from "../webhooks/deliveries/relay-time.ts";
import { inRounds, type IsSpent } from "./rounds.ts";

/** Deliveries per round (one request to the queue), and rounds per run. */
const DELIVERIES_PER_ROUND = 100;
const MAX_ROUNDS = 50;

/**
 * The minimum time before an attempt is published again; otherwise it is the time that the attempt
 * has been due. So an attempt that only waits in a long queue is published a few times, not every
 * time.
 */
const POSTPONE_MS = 5 * 60_000;

/**
 * The relay may use one in this many of the attempts that an endpoint's rate limit allows. Nearly
 * all that it publishes are copies of waiting messages, and a copy uses up a turn too.
 */
const TURNS_PER_RELAY = 4;

const MINUTE_MS = 60_000;

/** What cron does with a due delivery. */
type RelayAction = "publish" | "later" | "keep" | "wake";

/**
 * Publishes attempts that were due and never recorded: their message was lost, the queue was down,
 * or their hold ended without a release. It publishes before it writes: a crash in between only
 * repeats a publish, which the queue drops. An attempt recorded meanwhile has set its own relay
 * time, which is kept. Held deliveries stay held; for a settled delivery with order, the task's
 * next one is woken.
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

/** One round; `shares` is what each endpoint with a rate limit has left in this run. */
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
  // In sequence, since each uses the endpoint's share.
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
  // Handling the message decides the rest, and makes a dead letter of a delivery without an
  // endpoint.
  if (delivery.hold === null || webhook === null || undeliverableReason(webhook) !== null)
    return "publish";
  if (endpointHold(webhook, delivery._id) !== null) return "keep";
  const isKept = delivery.hold === "order" && (await isBlocked(ctx, delivery, webhook));
  return isKept ? "keep" : "publish";
}

/** Doubles the time since the attempt was due. */
function nextRelay({ next_attempt_at }: DeliverySummaryRecord, now: Date): Date {
  const waitedMs = now.getTime() - (next_attempt_at?.getTime() ?? now.getTime());
  return new Date(now.getTime() + Math.max(POSTPONE_MS, waitedMs));
}

/** Uses one of its endpoint's share for this run, if any is left. */
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

/** How many copies an endpoint with a rate limit may be sent, and in how many minutes. */
function relayShare({ max, period_seconds }: RateLimit) {
  const perMinute = (max * 60) / period_seconds / TURNS_PER_RELAY;
  return perMinute >= 1
    ? { copies: Math.floor(perMinute), everyMinutes: 1 }
    : { copies: 1, everyMinutes: Math.ceil(1 / perMinute) };
}

/**
 * When a delivery that found no share left looks again: in a minute that has one, so none starves.
 */
function nextShare(webhook: EndpointRecord | undefined, now: Date): Date {
  const limit = webhook?.rate_limit ?? null;
  const everyMs = limit === null ? MINUTE_MS : relayShare(limit).everyMinutes * MINUTE_MS;
  const afterMs = now.getTime() + (everyMs > MINUTE_MS ? 1 : POSTPONE_MS);
  return new Date(Math.ceil(afterMs / everyMs) * everyMs);
}
