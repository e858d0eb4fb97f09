import type { ServiceContext } from "../services/context.ts";

/** How many deliveries a run publishes again at most. */
const DELIVERIES_PER_RUN = 100;

/** How long a published attempt has until it is published once more. */
const POSTPONE_MS = 5 * 60_000;

const MINUTE_MS = 60_000;

/**
 * Publishes attempts that were due and never recorded: their message was lost, or the queue was
 * down. Publishes first: a crash in between repeats a publish, which the queue drops, and never
 * loses one. An attempt that is recorded meanwhile has set its own relay time, which is kept.
 * Two reads or writes in all, whatever the number.
 */
export async function relayDeliveries(
  ctx: ServiceContext,
  now: Date,
): Promise<{ readonly relayed: number }> {
  const due = await ctx.stores.deliveries.dueForRelay(now, DELIVERIES_PER_RUN);
  if (due.length === 0) return { relayed: 0 };
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
  return { relayed: due.length };
}
