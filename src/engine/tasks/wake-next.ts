import { isTerminal } from "../../contract/status.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { bestEffort } from "../best-effort.ts";
import type { ServiceContext } from "../context.ts";
import { publishJob } from "./publish-job.ts";

/**
 * Wakes the next task in line for what an attempt's end let go: the place under its concurrency
 * key, and, when the task itself has ended, its singleton key. Only a matter of speed: the relay
 * finds it too, and order is the claim's affair (`claimTurnOrRemindFirst`). For a key that is the task's own
 * resource it looks only when somebody said to be waiting (`is_awaited`): while a task works for a
 * resource, whoever submits is answered that task, so that only a retry or a schedule's task can be
 * in line, and not every job should pay a look-up for it.
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
    // It keeps its singleton key between two attempts.
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
    // The mark keeps the queue's deduplication from taking it for the message that found no place.
    const mark = `-after-${ended._id}-${ended.attempt}`;
    if (next !== null) await publishJob({ ctx, task: next, mark });
  });
}
