import type { ServiceContext } from "../services/context.ts";
import { inRounds, type IsSpent } from "./rounds.ts";

/** Deliveries per round, which are one request to the queue, and rounds per run. */
const DELIVERIES_PER_ROUND = 100;
const MAX_ROUNDS = 50;

/** How long a published attempt has until it is published once more. */
const POSTPONE_MS = 5 * 60_000;

const MINUTE_MS = 60_000;

/**
 * Publishes attempts that were due and never recorded: their message was lost, or the queue was
 * down. Publishes first: a crash in between repeats a publish, which the queue drops, and never
 * loses one. An attempt that is recorded meanwhile has set its own relay time, which is kept.
 * Two reads or writes a round.
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
  const due = await ctx.stores.deliveries.dueForRelay(now, DELIVERIES_PER_ROUND);
  if (due.length === 0) return 0;
  const minute = Math.floor(now.getTime() / MINUTE_MS);
  await ctx.stores.queue.publishDeliveries(
    due.map((delivery) => {
      const attempt = delivery.attempt_count + 1;
      return {
        message: { delivery_id: delivery._id, attempt, snapshot: null },
        options: { deduplicationId: `${delivery._id}-${attempt}-r${minute}` },
      };
    }),
  );
  await ctx.stores.deliveries.postponeRelays(due, new Date(now.getTime() + POSTPONE_MS));
  return due.length;
}
