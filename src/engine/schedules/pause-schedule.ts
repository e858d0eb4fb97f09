import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import type { NamespaceContext } from "../context.ts";
import { changeSchedule } from "./change-schedule.ts";

type Call = { ctx: NamespaceContext; input: { readonly schedule: string } };

/**
 * Stops a schedule from firing until it is resumed; tasks that it created continue. Throws
 * `not_found`.
 */
export function pauseSchedule(call: Call): Promise<ScheduleRecord> {
  return setStatus(call, "SUSPENDED");
}

/** Resumes a paused schedule; missed times are not made up for. Throws `not_found`. */
export function resumeSchedule(call: Call): Promise<ScheduleRecord> {
  return setStatus(call, "ACTIVE");
}

function setStatus({ ctx, input }: Call, status: "ACTIVE" | "SUSPENDED"): Promise<ScheduleRecord> {
  return changeSchedule({
    ctx,
    input: { ...input, fieldsOf: (schedule) => (schedule.status === status ? null : { status }) },
  });
}
