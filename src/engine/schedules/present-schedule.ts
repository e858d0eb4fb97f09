import { type Schedule, SHOWN_TIMES } from "../../contract/schedule.ts";
import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import type { Submitted } from "../context.ts";
import { nextTimes } from "./cron-times.ts";

/** A schedule as callers see it; what it submits is of a kind that this deployment has, or had. */
export type PresentedSchedule = Omit<Schedule, "submission"> & { readonly submission: Submitted };

/** A schedule's submission, as parsed when it was stored. */
export function submissionOf({ submission }: Pick<ScheduleRecord, "submission">): Submitted {
  const submitted: Submitted = JSON.parse(submission);
  return submitted;
}

/** A schedule as every caller sees it. */
export function presentSchedule(schedule: ScheduleRecord, now: Date): PresentedSchedule {
  const isActive = schedule.status === "ACTIVE";
  const times = isActive ? nextTimes(schedule.cron, schedule.timezone, now, SHOWN_TIMES) : [];
  return {
    schedule_id: schedule._id,
    namespace_id: schedule.namespace_id,
    name: schedule.name,
    status: schedule.status,
    cron: schedule.cron,
    timezone: schedule.timezone,
    submission: submissionOf(schedule),
    overlap: schedule.overlap,
    metadata: schedule.metadata,
    next_times: times.map((time) => time.toISOString()),
    last_fired_at: schedule.last_fired_at?.toISOString() ?? null,
    last_task_id: schedule.last_task_id,
    last_error: schedule.last_error,
    created_at: schedule.created_at.toISOString(),
    updated_at: schedule.updated_at.toISOString(),
  };
}
