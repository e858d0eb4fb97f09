import type { ServiceContext } from "../context.ts";
import { inRounds, type IsSpent } from "./rounds.ts";

/** Rows per round, and rounds per run: the next day's run takes the rest. */
const ROWS_PER_ROUND = 1000;
const MAX_ROUNDS = 100;

const DAY_MS = 86_400_000;

/**
 * Deletes data older than `RETENTION_DAYS`: ended tasks whose events were all dispatched, the event
 * log with its positions, and settled deliveries. It works in rounds, so no operation is long; the
 * next run finishes one that died half-way.
 */
export async function purge(
  ctx: ServiceContext,
  now: Date,
  isSpent: IsSpent,
): Promise<{ tasks: number; events: number; positions: number; deliveries: number }> {
  const before = new Date(now.getTime() - ctx.config.retentionDays * DAY_MS);
  const { tasks, events, eventLog, deliveries } = ctx.stores;
  const limits = { maxRounds: MAX_ROUNDS, isSpent };
  return {
    tasks: await inRounds(limits, async () => (await tasks.purge(before, ROWS_PER_ROUND)).length),
    events: await inRounds(limits, () => events.purge(before, ROWS_PER_ROUND)),
    positions: await inRounds(limits, () => eventLog.purge(before, now, ROWS_PER_ROUND)),
    deliveries: await inRounds(limits, () => deliveries.purge(before, ROWS_PER_ROUND)),
  };
}
