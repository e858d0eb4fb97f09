import { isTerminal } from "../../contract/status.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { bestEffort } from "../best-effort.ts";
import type { ServiceContext } from "../context.ts";
import { publishJob } from "./publish-job.ts";

/**
 * Wakes the next task in line for what an attempt's end released: the slot under its concurrency
 * key and, when the task itself has ended, its singleton key. This is only for speed: the relay
 * finds the task too, and the claim keeps the order (`claimTurnOrRemindFirst`). For a key that is
 * the task's own resource it looks only when a waiting task has set `is_awaited`. While a task
 * works for a resource, submissions return that task, so only a retry or a schedule's task can be
 * in line, and not every job should pay for a look-up.
 */
export async function wakeNext({
  ctx,
  ended,
}: {
  ctx: ServiceContext;
  ended: TaskRecord;
}): Promise<void> {
  const isResource = ended.singleton_key === ended.resource_id;
  const mayBeAwaited = !isResource || ended.is_awaited === true;
  await Promise.all([
    // A task keeps its singleton key between attempts.
    isTerminal(ended.status) && mayBeAwaited ? wake(ctx, ended, "singleton_key") : null,
    wake(ctx, ended, "concurrency_key"),
  ]);
}

async function wake(
  ctx: ServiceContext,
  ended: TaskRecord,
  field: "singleton_key" | "concurrency_key",
): Promise<void> {
  const key = ended[field];
  if (key === null) return;
  const log = "the next in line was left to the relay";
  await bestEffort(ctx, { log, fields: { task_id: ended._id }, on: "everything" }, async () => {
    const { tasks } = ctx.stores;
    const next = await tasks.nextInLine(ended.namespace_id, field, key, ctx.runtime.now());
    // The mark keeps the queue from deduplicating it against the message that found no free slot.
    const mark = `-after-${ended._id}-${ended.attempt}`;
    if (next !== null) await publishJob({ ctx, task: next, mark });
  });
}
