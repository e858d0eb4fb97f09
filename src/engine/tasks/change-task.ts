import { isTerminal } from "../../contract/status.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { cacheTask } from "./cache-task.ts";
import { mirrorOrLog } from "./mirror-task.ts";
import { type Intent, planChange } from "./plan-change.ts";
import { wakeNext } from "./wake-next.ts";

/** The outcome of an intent. */
export type ChangeOutcome =
  | { readonly kind: "changed"; readonly task: TaskRecord }
  /** Another writer changed the task first; nothing was written. Read it again and decide anew. */
  | { readonly kind: "conflict" };

/**
 * Changes a task: first the one conditional write, which is authoritative (P2), then its copies in
 * Redis and on its resource. A copy that can't be written is logged and repaired later, by the next
 * write or by the dispatch of the change's events.
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
