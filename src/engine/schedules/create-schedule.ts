import type { CreateScheduleRequest } from "../../contract/schedule.ts";
import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import type { NamespaceContext, Submitted } from "../context.ts";
import { nameTaken } from "../errors.ts";
import { requireCron } from "./cron-times.ts";
import { requireOwnOverlap } from "./overlap.ts";
import { syncOrLeave } from "./sync-schedule.ts";

/**
 * Creates a schedule, ACTIVE at once. Throws `invalid_request` for an unsupported cron line or time
 * zone, and `name_taken`.
 */
export async function createSchedule({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: Omit<CreateScheduleRequest, "submission"> & { readonly submission: Submitted };
}): Promise<ScheduleRecord> {
  const now = ctx.runtime.now();
  requireCron(input.cron, input.timezone, now);
  requireOwnOverlap(input.submission, input.overlap);
  const schedule: ScheduleRecord = {
    _id: ctx.runtime.newId("schedule"),
    namespace_id: ctx.namespace._id,
    name: input.name,
    status: "ACTIVE",
    cron: input.cron,
    timezone: input.timezone,
    submission: JSON.stringify(input.submission),
    overlap: input.overlap,
    metadata: input.metadata ?? {},
    last_fired_at: null,
    last_task_id: null,
    last_error: null,
    revision: 1,
    write_id: "",
    unsynced_at: now,
    created_at: now,
    updated_at: now,
  };
  const outcome = await ctx.stores.schedules.insert(schedule);
  if (outcome.kind === "duplicate" && outcome.fields.includes("name")) {
    throw nameTaken("schedule", input.name);
  }
  await syncOrLeave({ ctx, schedule });
  return schedule;
}
