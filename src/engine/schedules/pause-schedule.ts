import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import type { NamespaceContext } from "../context.ts";
import { changeSchedule } from "./change-schedule.ts";

/**
 * Stops a schedule from firing until it is resumed; tasks that it created continue. Throws
 * `not_found`.
 */
export function pauseSchedule({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly schedule: string };
}): Promise<ScheduleRecord> {
  return changeSchedule({
    ctx,
    input: {
      ...input,
      fieldsOf: ({ status }) => (status === "SUSPENDED" ? null : { status: "SUSPENDED" }),
    },
  });
}

/** Resumes a paused schedule; missed times are not made up for. Throws `not_found`. */
export function resumeSchedule({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly schedule: string };
}): Promise<ScheduleRecord> {
  return changeSchedule({
    ctx,
    input: {
      ...input,
      fieldsOf: ({ status }) => (status === "ACTIVE" ? null : { status: "ACTIVE" }),
    },
  });
}
