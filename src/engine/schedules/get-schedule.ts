import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import type { NamespaceContext } from "../context.ts";
import { notFound } from "../errors.ts";

/** A schedule by its id or name. Throws `not_found`. */
export async function getSchedule({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly schedule: string };
}): Promise<ScheduleRecord> {
  const schedule = await ctx.stores.schedules.find(ctx.namespace._id, input.schedule);
  if (schedule === null) throw notFound("schedule", input.schedule);
  return schedule;
}
