import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext, ServiceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import type { Keyed } from "../keyed-request.ts";
import { submit } from "../submissions/submit.ts";
import { firedSubmission } from "./overlap.ts";
import { syncOrLeave } from "./sync-schedule.ts";

/** The result of a firing. */
export type FiringOutcome =
  | { readonly kind: "submitted"; readonly taskId: string }
  /** The submission is refused as it stands; the schedule shows why. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Paused, deleted or unknown: nothing is due. */
  | { readonly kind: "idle" };

/**
 * Carries out a firing announced by the queue. `firing` is the same in every copy of one
 * announcement and is the task's idempotency slot, so only one task is created however often it
 * comes (P7).
 */
export async function fireSchedule({
  ctx,
  input,
}: {
  ctx: ServiceContext;
  input: { readonly scheduleId: string; readonly firing: string };
}): Promise<FiringOutcome> {
  const schedule = await ctx.stores.schedules.get(input.scheduleId);
  if (schedule?.status !== "ACTIVE") {
    // The queue had not been told.
    if (schedule !== null) await syncOrLeave({ ctx, schedule });
    else await ctx.stores.queue.deleteSchedule(input.scheduleId);
    return { kind: "idle" };
  }
  // Even if a PATCH changes the schedule between two copies, they are one firing.
  const keyed = { slot: `${schedule._id}:${input.firing}`, hash: null };
  return submitFor({ ctx, schedule, keyed });
}

/** Submits a schedule's submission, once per key, and records the result on the schedule. */
export async function submitFor({
  ctx,
  schedule,
  keyed,
}: {
  ctx: ServiceContext;
  schedule: ScheduleRecord;
  keyed: Keyed | null;
}): Promise<Exclude<FiringOutcome, { kind: "idle" }>> {
  const at = ctx.runtime.now();
  const namespace: NamespaceContext = {
    ...ctx,
    principal: { kind: "schedule", scheduleId: schedule._id },
    namespace: { _id: schedule.namespace_id, name: schedule.namespace_id },
  };
  let task: TaskRecord;
  try {
    task = await submit({
      ctx: namespace,
      input: {
        ...firedSubmission(ctx, schedule),
        keyed,
      },
    });
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === "idempotency_key_reused") throw error;
    const reason = `${error.code}: ${error.message}`;
    await ctx.stores.schedules.recordFiring(schedule._id, { at, taskId: null, error: reason });
    return { kind: "refused", reason };
  }
  await ctx.stores.schedules.recordFiring(schedule._id, { at, taskId: task._id, error: null });
  return { kind: "submitted", taskId: task._id };
}
