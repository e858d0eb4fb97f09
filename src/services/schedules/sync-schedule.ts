import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import type { ServiceContext } from "../context.ts";

/**
 * Tells the queue what a schedule is now: when it fires, that it is paused, or that it is gone.
 * MongoDB is the truth and says since when the queue hasn't been told, so that cron tells it after
 * a crash; told twice, nothing changes. Throws `StoreUnavailableError`.
 */
export async function syncSchedule({
  ctx,
  schedule,
}: {
  ctx: ServiceContext;
  schedule: ScheduleRecord;
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
  await schedules.markSynced(schedule);
}

/** The same where the change is accepted already: cron does it when the queue is down now. */
export async function syncOrLeave({
  ctx,
  schedule,
}: {
  ctx: ServiceContext;
  schedule: ScheduleRecord;
}): Promise<void> {
  try {
    await syncSchedule({ ctx, schedule });
  } catch (error) {
    ctx.runtime.log("warn", "telling the queue of a schedule was left to cron", {
      schedule_id: schedule._id,
      error: String(error),
    });
  }
}
