import type { ServiceContext } from "../services/context.ts";
import { syncOrLeave } from "../services/schedules/sync-schedule.ts";

/** A change younger than this is left to whoever made it. */
const PATIENCE_MS = 10_000;

const SCHEDULES_PER_RUN = 100;

/** Tells the queue of the schedules whose change it has not been told: a crash, or the queue was down. */
export async function syncSchedules(
  ctx: ServiceContext,
  now: Date,
): Promise<{ readonly synced: number }> {
  const before = new Date(now.getTime() - PATIENCE_MS);
  const due = await ctx.stores.schedules.dueForSync(before, SCHEDULES_PER_RUN);
  for (const schedule of due) await syncOrLeave({ ctx, schedule });
  return { synced: due.length };
}
