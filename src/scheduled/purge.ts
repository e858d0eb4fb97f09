import type { ServiceContext } from "../services/context.ts";

/** Rows per round, and rounds per run: the next day takes what is left. */
const ROWS_PER_ROUND = 1000;
const MAX_ROUNDS = 100;

const DAY_MS = 86_400_000;

/**
 * Deletes what is past `RETENTION_DAYS`: ended tasks whose events were all dispatched, the event
 * log, and deliveries that are settled. In rounds, so that no operation is long; a run that dies
 * half-way is finished by the next.
 */
export async function purge(
  ctx: ServiceContext,
  now: Date,
): Promise<{ tasks: number; events: number; deliveries: number }> {
  const before = new Date(now.getTime() - ctx.config.retentionDays * DAY_MS);
  return {
    tasks: await inRounds(
      async () => (await ctx.stores.tasks.purge(before, ROWS_PER_ROUND)).length,
    ),
    events: await inRounds(() => ctx.stores.events.purge(before, ROWS_PER_ROUND)),
    deliveries: await inRounds(() => ctx.stores.deliveries.purge(before, ROWS_PER_ROUND)),
  };
}

async function inRounds(round: () => Promise<number>): Promise<number> {
  let total = 0;
  for (let rounds = 0; rounds < MAX_ROUNDS; rounds += 1) {
    const deleted = await round();
    total += deleted;
    if (deleted === 0) break;
  }
  return total;
}
