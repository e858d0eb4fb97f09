import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import type { NamespaceContext } from "../context.ts";
import { getSchedule } from "./read-schedules.ts";
import { syncOrLeave } from "./sync-schedule.ts";

/** How many times a change that lost a race tries again. */
const MAX_TRIES = 5;

/**
 * Changes a schedule and updates the queue. `fieldsOf` returns the fields to change for the current
 * schedule; null to change nothing. Throws `not_found`, and what `fieldsOf` throws.
 */
export async function changeSchedule({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: {
    readonly schedule: string;
    readonly fieldsOf: (schedule: ScheduleRecord) => Partial<ScheduleRecord> | null;
  };
}): Promise<ScheduleRecord> {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const schedule = await getSchedule({ ctx, input });
    const fields = input.fieldsOf(schedule);
    if (fields === null) return schedule;
    const changed = await ctx.stores.schedules.change(schedule, fields, ctx.runtime.now());
    if (changed === null) continue;
    await syncOrLeave({ ctx, schedule: changed, isContested: schedule.unsynced_at !== null });
    return changed;
  }
  throw new Error(`a change of ${input.schedule} lost ${MAX_TRIES} races`);
}
