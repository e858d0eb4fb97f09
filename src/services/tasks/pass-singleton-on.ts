import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { publishJob } from "./publish-job.ts";

/**
 * Wakes the next task that waits for the singleton key that an ended one held. Only a matter of
 * speed: the relay finds it too.
 */
export async function passSingletonOn({
  ctx,
  ended,
}: {
  ctx: ServiceContext;
  ended: TaskRecord;
}): Promise<void> {
  if (ended.singleton_key === null) return;
  try {
    const now = ctx.runtime.now();
    const next = await ctx.stores.tasks.nextForSingleton(
      ended.namespace_id,
      ended.singleton_key,
      now,
    );
    // The mark keeps the queue's deduplication from taking it for the message that found the key held.
    if (next !== null) await publishJob({ ctx, task: next, mark: `-after-${ended._id}` });
  } catch (error) {
    ctx.runtime.log("warn", "the next of a singleton key was left to the relay", {
      task_id: ended._id,
      error: String(error),
    });
  }
}
