import type { ResourceListRequest } from "../../contract/common.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import type { NamespaceContext } from "../context.ts";
import { pageOptions, resourceFilter } from "../paging.ts";
import { notFound } from "../errors.ts";

/** One page of the namespace's schedules. Throws `invalid_cursor`. */
export async function listSchedules({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: ResourceListRequest;
}): Promise<Page<ScheduleRecord>> {
  return ctx.stores.schedules.list(ctx.namespace._id, resourceFilter(input), pageOptions(input));
}

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
