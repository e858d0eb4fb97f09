import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { getSchedule } from "./read-schedules.ts";
import { submitFor } from "./fire-schedule.ts";

/**
 * Submits what a schedule says now, paused or not, by the same overlap policy. Throws `not_found`,
 * and `invalid_request` with the reason when its submission is refused as it stands.
 */
export async function runScheduleNow({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly schedule: string; readonly idempotencyKey: string | null };
}): Promise<TaskRecord> {
  const schedule = await getSchedule({ ctx, input });
  const firing = `now:${input.idempotencyKey ?? crypto.randomUUID()}`;
  const outcome = await submitFor({ ctx, schedule, firing });
  if (outcome.kind === "refused") {
    throw new DomainError("invalid_request", `The submission is refused: ${outcome.reason}`);
  }
  const task = await ctx.stores.tasks.find(ctx.namespace._id, outcome.taskId);
  if (task === null) throw new Error(`${outcome.taskId} was made and can't be found`);
  return task;
}
