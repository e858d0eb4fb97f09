import { isTerminal } from "../../contract/status.ts";
import type { JobMessage } from "../../ports/queue.ts";
import { SlotTakenError } from "../../ports/errors.ts";
import type { TaskChange, TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { cacheTask } from "../tasks/cache-task.ts";
import { expireTask, isExpired } from "../tasks/expire-task.ts";
import { heldSlot } from "../keyed-request.ts";
import { reportToken } from "../executors/report-token.ts";
import { planChange } from "../tasks/plan-change.ts";
import { claimTurnOrRemindFirst } from "./turn.ts";

/** Whether a message may run its task now, with the evidence. */
export type Claim =
  | { readonly kind: "claimed"; readonly task: TaskRecord; readonly leaseToken: string }
  /**
   * A duplicate, a late copy, or a message for a task that another runner holds: nothing to do
   * (P7).
   */
  | { readonly kind: "stale"; readonly reason: "not_found" | "ended" | "leased" | "superseded" }
  /** It had expired in the queue and was ended instead. */
  | { readonly kind: "stale"; readonly reason: "expired" }
  /**
   * Its singleton key is held, or others are ahead of it in line; it stays PENDING until its turn.
   */
  | { readonly kind: "stale"; readonly reason: "busy" };

/** How many times a claim that lost a race tries again; each time another writer made progress. */
const MAX_TRIES = 3;

/**
 * Takes the lease of a task for one invocation: one conditional write on exactly the version read,
 * so only one of a task's messages runs it. Only the message of its exact version can claim a
 * PENDING task, so an old duplicate doesn't cut a delay short; any message can claim a task between
 * two invocations.
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
    if (!(await claimTurnOrRemindFirst(ctx, task))) return { kind: "stale", reason: "busy" };
    const leaseToken = await tokenOf(ctx, task);
    const claimed = await claimSlot(ctx, task, leaseToken);
    if (claimed === "busy") return { kind: "stale", reason: "busy" };
    if (claimed !== null) {
      await cacheTask({ ctx, task: claimed, eventsAfter: task.sequence });
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

/**
 * An executor's reports carry the token, even much later; one of our own runners only needs a
 * unique one.
 */
async function tokenOf(ctx: ServiceContext, task: TaskRecord): Promise<string> {
  return task.executor === null
    ? crypto.randomUUID()
    : reportToken(ctx.config.sealingKeys, task._id, task.attempt + 1);
}

/**
 * Claims with any of the concurrency key's slots, starting from a random one; "busy" when all are
 * held.
 */
async function claimSlot(
  ctx: ServiceContext,
  task: TaskRecord,
  leaseToken: string,
): Promise<TaskRecord | null | "busy"> {
  const { concurrency_key: key, concurrency_limit: limit } = task;
  if (key === null) return takeUnlessBusy(ctx, claimOf(ctx, task, leaseToken, task._id));
  const first = Math.floor(ctx.runtime.random() * limit);
  for (let tried = 0; tried < limit; tried += 1) {
    const slot = heldSlot(`${key}#${(first + tried) % limit}`);
    const claimed = await takeUnlessBusy(ctx, claimOf(ctx, task, leaseToken, slot));
    if (claimed !== "busy") return claimed;
  }
  return "busy";
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

function claimOf(
  ctx: ServiceContext,
  task: TaskRecord,
  leaseToken: string,
  concurrencySlot: string,
): TaskChange {
  const now = ctx.runtime.now();
  const isNewAttempt = task.status === "PENDING";
  return planChange(
    task,
    {
      to: task.executor === null ? "PROCESSING" : "IN_PROGRESS",
      kind: isNewAttempt ? "status" : null,
      actor: "runner",
      reason: isNewAttempt ? "claimed" : null,
      patch: {
        attempt: isNewAttempt ? task.attempt + 1 : task.attempt,
        started_at: task.started_at ?? now,
        lease_token: leaseToken,
        // An executor that hasn't responded by then was not reached; its own time starts with its
        // response.
        lease_expires_at: new Date(now.getTime() + ctx.config.jobs.leaseSeconds * 1000),
        ...(task.executor !== null && { handed_over_at: null }),
        relay_at: null,
        ...(task.concurrency_key !== null && { concurrency_slot: concurrencySlot }),
        ...(task.singleton_key !== null && { singleton_slot: heldSlot(task.singleton_key) }),
      },
      events: [],
    },
    ctx.runtime,
  );
}
