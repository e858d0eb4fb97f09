import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import { bestEffort } from "../best-effort.ts";
import type { ServiceContext } from "../context.ts";

/**
 * Tells the queue what a schedule is now: when it fires, that it is paused, or that it is gone.
 * MongoDB is the truth and says since when the queue hasn't been told, so that cron tells it after
 * a crash; told twice, nothing changes. Throws `StoreUnavailableError`, and `QueueRefusedError` for
 * what the queue won't have.
 *
 * Of two who tell the queue at once, the one with the older revision may come last. So whoever
 * changed a schedule while another was telling (`isContested`) leaves the note that cron tells it
 * again, when all that was on its way has arrived; and whoever finds a newer revision afterwards
 * makes that note.
 */
export async function syncSchedule({
  ctx,
  schedule,
  isContested = false,
}: {
  ctx: ServiceContext;
  schedule: ScheduleRecord;
  isContested?: boolean;
}): Promise<void> {
  const { queue, schedules } = ctx.stores;
  if (schedule.status === "ARCHIVED") {
    await queue.deleteSchedule(schedule._id);
    await schedules.remove(schedule._id);
    return;
  }
  if (schedule.status === "ACTIVE") {
    await queue.putSchedule({
      scheduleId: schedule._id,
      cron: `CRON_TZ=${schedule.timezone} ${schedule.cron}`,
    });
  } else {
    // A paused one need not be known there; resumed, it is made again.
    await queue.deleteSchedule(schedule._id);
  }
  if (isContested || !(await schedules.markSynced(schedule))) {
    await schedules.markOvertaken(schedule, ctx.runtime.now());
  }
}

/** The same where the change is accepted already: cron does it when the queue is down now. */
export async function syncOrLeave({
  ctx,
  ...input
}: Parameters<typeof syncSchedule>[0]): Promise<void> {
  const log = "telling the queue of a schedule was left to cron";
  const fields = { schedule_id: input.schedule._id };
  await bestEffort(ctx, { log, fields, on: "everything" }, () => syncSchedule({ ctx, ...input }));
}
