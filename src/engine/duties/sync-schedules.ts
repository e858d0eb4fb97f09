import type { ServiceContext } from "../context.ts";
import { syncSchedule } from "../schedules/sync-schedule.ts";
import { type IsSpent, workThrough } from "./rounds.ts";

/**
 * A change younger than this is left to its writer; after that, the writer's call to the queue has
 * arrived.
 */
const PATIENCE_MS = 30_000;

/** Schedules per round, and rounds per run. */
const SCHEDULES_PER_ROUND = 100;
const MAX_ROUNDS = 20;

/** How many schedules were sent to the queue; `failed` ones were refused and stay due. */
export type SyncReport = { readonly synced: number; readonly failed: number };

/**
 * Sends the queue the schedules whose change it doesn't have, or may have received in the wrong
 * order: a writer died, the queue was down, or two writers changed one at once.
 */
export async function syncSchedules(
  ctx: ServiceContext,
  now: Date,
  isSpent: IsSpent,
): Promise<SyncReport> {
  const before = new Date(now.getTime() - PATIENCE_MS);
  const { done, failed } = await workThrough(ctx, {
    rowsPerRound: SCHEDULES_PER_ROUND,
    maxRounds: MAX_ROUNDS,
    isSpent,
    due: (limit) => ctx.stores.schedules.dueForSync(before, limit),
    work: async (schedule) => {
      await syncSchedule({ ctx, schedule });
      return true;
    },
  });
  return { synced: done, failed };
}
