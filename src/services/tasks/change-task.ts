import { isTerminal } from "../../contract/status.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { eventsOfTask } from "../events/events-of-task.ts";
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
    cacheTask({ ctx, task: changed, eventsAfter: task.sequence }),
    task.status === changed.status ? null : mirrorOrLog({ ctx, task: changed }),
    endsAttempt(task, changed) ? wakeNext({ ctx, ended: changed }) : null,
  ]);
  return { kind: "changed", task: changed };
}

function endsAttempt(before: TaskRecord, after: TaskRecord): boolean {
  return isTerminal(after.status) || (after.status === "PENDING" && before.status !== "PENDING");
}

/**
 * Writes the hot copy and wakes those who wait for the task, and those who follow its namespace if
 * it has events after the sequence `eventsAfter` (none when absent); without Redis, polls are answered from
 * MongoDB (P6), and nobody can wait.
 */
export async function cacheTask({
  ctx,
  task,
  eventsAfter = task.sequence,
}: {
  ctx: ServiceContext;
  task: TaskRecord;
  eventsAfter?: number;
}): Promise<void> {
  const { stores, runtime } = ctx;
  try {
    const copy = cachedTaskOf(task);
    const put = await stores.taskCache.put(task.namespace_id, task._id, copy);
    if (put.isWatched) {
      const news = { ...copy, sequence: task.sequence };
      runtime.defer(orLog(ctx, task, stores.watchers.wake(task.namespace_id, task._id, news)));
    }
    if (put.isNamespaceWatched && task.sequence > eventsAfter) {
      const events = eventsOfTask(task, runtime.now()).filter(
        ({ sequence }) => sequence > eventsAfter,
      );
      runtime.defer(orLog(ctx, task, stores.watchers.tell(task.namespace_id, events)));
    }
  } catch (error) {
    ctx.runtime.log("warn", "the hot copy was not written", {
      task_id: task._id,
      error: String(error),
    });
  }
}

/** Who was not woken looks for itself before long. */
async function orLog(ctx: ServiceContext, task: TaskRecord, telling: Promise<void>): Promise<void> {
  try {
    await telling;
  } catch (error) {
    ctx.runtime.log("warn", "nobody was woken", { task_id: task._id, error: String(error) });
  }
}
