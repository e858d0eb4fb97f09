import type { UpdateScheduleRequest } from "../../contract/schedule.ts";
import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import type { NamespaceContext, Submitted } from "../context.ts";
import { changeSchedule } from "./change-schedule.ts";
import { requireCron } from "./cron-times.ts";
import { requireOwnOverlap } from "./overlap.ts";
import { submissionOf } from "./present-schedule.ts";

type Request = Omit<UpdateScheduleRequest, "submission"> & {
  readonly submission?: Submitted | undefined;
};

/** Updates a schedule. Throws `not_found` and `invalid_request`. */
export function updateSchedule({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly schedule: string; readonly request: Request };
}): Promise<ScheduleRecord> {
  const { submission, ...rest } = input.request;
  return changeSchedule({
    ctx,
    input: {
      schedule: input.schedule,
      fieldsOf: (schedule) => {
        const after = { ...schedule, ...withoutUndefined(rest) };
        requireCron(after.cron, after.timezone, ctx.runtime.now());
        requireOwnOverlap(submission ?? submissionOf(schedule), after.overlap);
        return {
          cron: after.cron,
          timezone: after.timezone,
          overlap: after.overlap,
          metadata: after.metadata,
          ...(submission !== undefined && { submission: JSON.stringify(submission) }),
        };
      },
    },
  });
}

function withoutUndefined(fields: Omit<UpdateScheduleRequest, "submission">) {
  const { cron, timezone, overlap, metadata } = fields;
  return {
    ...(cron !== undefined && { cron }),
    ...(timezone !== undefined && { timezone }),
    ...(overlap !== undefined && { overlap }),
    ...(metadata !== undefined && { metadata }),
  };
}
