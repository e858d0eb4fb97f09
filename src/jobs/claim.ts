import { isTerminal } from "../contract/status.ts";
import type { JobMessage } from "../ports/queue.ts";
import { SlotTakenError } from "../ports/errors.ts";
import type { TaskChange, TaskRecord } from "../ports/task-store.ts";
import type { ServiceContext } from "../services/context.ts";
import { cacheTask } from "../services/tasks/change-task.ts";
import { expireTask, isExpired } from "../services/tasks/expire-task.ts";
import { heldSlot } from "../services/tasks/new-task.ts";
import { planChange } from "../services/tasks/plan-change.ts";

/** Whether a message may run its task now, with the evidence. */
export type Claim =
  | { readonly kind: "claimed"; readonly task: TaskRecord; readonly leaseToken: string }
  /** A duplicate, a late copy, or a message for a task that is in other hands: nothing to do (P7). */
  | { readonly kind: "stale"; readonly reason: "not_found" | "ended" | "leased" | "superseded" }
  /** Its time in the queue had run out: it was ended instead. */
  | { readonly kind: "stale"; readonly reason: "expired" }
  /** Another task of its singleton key is at work; it stays PENDING until its turn comes. */
  | { readonly kind: "stale"; readonly reason: "busy" };

/** How often a claim that lost a race looks again; each time somebody else got further. */
const MAX_TRIES = 3;

/**
 * Takes the lease of a task for one invocation: one conditional write from just what was read, so
 * that of all the messages that arrive for a task one runs it. A PENDING task is claimed by the
 * message of its very version only, so that an old duplicate does not cut a delay short; a task
 * between two invocations by any.
 */
export async function claim(ctx: ServiceContext, message: JobMessage): Promise<Claim> {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const task = await ctx.stores.tasks.get(message.task_id);
    const reason = refusal(task, message);
    if (task === null || reason !== null) return { kind: "stale", reason: reason ?? "not_found" };
    if (isExpired(task, ctx.runtime.now())) {
      await expireTask({ ctx, task });
      return { kind: "stale", reason: "expired" };
    }
    const leaseToken = crypto.randomUUID();
    const claimed = await takeUnlessBusy(ctx, claimOf(ctx, task, leaseToken));
    if (claimed === "busy") return { kind: "stale", reason: "busy" };
    if (claimed !== null) {
      await cacheTask({ ctx, task: claimed });
      return { kind: "claimed", task: claimed, leaseToken };
    }
  }
  return { kind: "stale", reason: "leased" };
}

function refusal(
  task: TaskRecord | null,
  message: JobMessage,
): "not_found" | "ended" | "leased" | "superseded" | null {
  if (task === null) return "not_found";
  if (isTerminal(task.status)) return "ended";
  if (task.status === "PENDING") return task.version === message.version ? null : "superseded";
  if (task.status === "PROCESSING") return task.lease_token === null ? null : "leased";
  return "superseded";
}

async function takeUnlessBusy(
  ctx: ServiceContext,
  change: TaskChange,
): Promise<TaskRecord | null | "busy"> {
  try {
    return await ctx.stores.tasks.change(change);
  } catch (error) {
    if (error instanceof SlotTakenError) return "busy";
    throw error;
  }
}

function claimOf(ctx: ServiceContext, task: TaskRecord, leaseToken: string) {
  const now = ctx.runtime.now();
  const isNewAttempt = task.status === "PENDING";
  return planChange(
    task,
    {
      to: "PROCESSING",
      kind: isNewAttempt ? "status" : null,
      actor: "runner",
      reason: isNewAttempt ? "claimed" : null,
      patch: {
        attempt: isNewAttempt ? task.attempt + 1 : task.attempt,
        started_at: task.started_at ?? now,
        lease_token: leaseToken,
        lease_expires_at: new Date(now.getTime() + ctx.config.jobs.leaseSeconds * 1000),
        relay_at: null,
        ...(task.singleton_key !== null && { singleton_slot: heldSlot(task.singleton_key) }),
      },
      events: [],
    },
    ctx.runtime,
  );
}
