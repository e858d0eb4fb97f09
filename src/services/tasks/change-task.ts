import { isTerminal } from "../../contract/status.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { mirrorOrLog } from "./mirror-task.ts";
import { type Intent, planChange } from "./plan-change.ts";
import { cachedTaskOf } from "./present-task.ts";
import { wakeNext } from "./wake-next.ts";

/** What became of an intent. */
export type ChangeOutcome =
  | { readonly kind: "changed"; readonly task: TaskRecord }
  /** Somebody else changed the task first; nothing was written. Read it again and decide anew. */
  | { readonly kind: "conflict" };

/**
 * Changes a task: first the one conditional write that is the truth (P2), then its copies, in
 * Redis and on its resource. A copy that can't be written is logged and mended later: the hot copy
 * by the next write or by its expiry, the resource by the dispatch of the change's events.
 */
export async function changeTask({
  ctx,
  task,
  intent,
}: {
  ctx: ServiceContext;
  task: TaskRecord;
  intent: Intent;
}): Promise<ChangeOutcome> {
  const changed = await ctx.stores.tasks.change(planChange(task, intent, ctx.runtime));
  if (changed === null) return { kind: "conflict" };
  await Promise.all([
    cacheTask({ ctx, task: changed }),
    task.status === changed.status ? null : mirrorOrLog({ ctx, task: changed }),
    endsAttempt(task, changed) ? wakeNext({ ctx, ended: changed }) : null,
  ]);
  return { kind: "changed", task: changed };
}

function endsAttempt(before: TaskRecord, after: TaskRecord): boolean {
  return isTerminal(after.status) || (after.status === "PENDING" && before.status !== "PENDING");
}

/** Writes the hot copy; without Redis, polls are answered from MongoDB (P6). */
export async function cacheTask({
  ctx,
  task,
}: {
  ctx: ServiceContext;
  task: TaskRecord;
}): Promise<void> {
  try {
    await ctx.stores.taskCache.put(task.namespace_id, task._id, cachedTaskOf(task));
  } catch (error) {
    ctx.runtime.log("warn", "the hot copy was not written", {
      task_id: task._id,
      error: String(error),
    });
  }
}
