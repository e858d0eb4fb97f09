import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import { bestEffort } from "../best-effort.ts";
import type { ServiceContext } from "../context.ts";

/**
 * Updates the queue with a schedule's current state: its times, that it is paused, or that it is
 * deleted. MongoDB is authoritative and records since when the queue is out of date, so cron
 * updates it after a crash; doing so twice changes nothing. Throws `StoreUnavailableError`, and
 * `QueueRefusedError` when the queue refuses the schedule.
 *
 * When two calls update the queue at once, the older revision may arrive last. So a call that
 * changed the schedule during another's update (`isContested`) leaves the schedule due for cron,
 * which updates the queue again when everything in flight has arrived. A call that finds a newer
 * revision afterwards marks it due too.
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
    // The queue need not know a paused schedule; resuming creates it again.
    await queue.deleteSchedule(schedule._id);
  }
  if (isContested || !(await schedules.markSynced(schedule))) {
    await schedules.markOvertaken(schedule, ctx.runtime.now());
  }
}

/** The same after the change was accepted: cron does it if the queue is down now. */
export async function syncOrLeave({
  ctx,
  ...input
}: Parameters<typeof syncSchedule>[0]): Promise<void> {
  const log = "telling the queue of a schedule was left to cron";
  const fields = { schedule_id: input.schedule._id };
  await bestEffort(ctx, { log, fields, on: "everything" }, () => syncSchedule({ ctx, ...input }));
}
