import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import type { NamespaceContext } from "../context.ts";
import { changeSchedule } from "./change-schedule.ts";

/** Keeps a schedule from firing until it is resumed; tasks that it made go on. Throws `not_found`. */
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

/** Lets a paused schedule fire again, from now on: times that went by are not made up for. Throws `not_found`. */
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
