import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import type { KeyedRequest } from "../keyed-request.ts";
import { getSchedule } from "./read-schedules.ts";
import { submitFor } from "./fire-schedule.ts";

/**
 * Runs a schedule now, paused or not, under the same overlap policy. Throws `not_found`, and
 * `invalid_request` with the reason when its submission is refused.
 */
export async function runScheduleNow({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly schedule: string; readonly keyed: KeyedRequest | null };
}): Promise<TaskRecord> {
  const schedule = await getSchedule({ ctx, input });
  const { keyed } = input;
  const { tasks } = ctx.stores;
  if (keyed !== null) {
    // The form of a run's slot before all keys of a namespace had the same form.
    const slot = `${schedule._id}:now:${keyed.key}`;
    const made = await tasks.findByIdempotencySlot(ctx.namespace._id, slot);
    if (made !== null) return made;
  }
  const outcome = await submitFor({ ctx, schedule, keyed });
  if (outcome.kind === "refused") {
    throw new DomainError("invalid_request", `The submission is refused: ${outcome.reason}`);
  }
  const task = await tasks.find(ctx.namespace._id, outcome.taskId);
  if (task === null) throw new Error(`${outcome.taskId} was made and can't be found`);
  return task;
}
