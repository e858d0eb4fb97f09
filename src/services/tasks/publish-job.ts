import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";

/**
 * Publishes the message that runs a task. Only a matter of speed: a PENDING task is its own
 * outbox, and the relay or the reaper publishes again what never arrived (P1, P6). Whether it was
 * published.
 */
export async function publishJob({
  ctx,
  task,
  delaySeconds = 0,
  mark = "",
}: {
  ctx: ServiceContext;
  task: TaskRecord;
  delaySeconds?: number;
  /** Tells a deliberate repetition from a duplicate. */
  mark?: string;
}): Promise<boolean> {
  try {
    await ctx.stores.queue.publishJob(
      { task_id: task._id, version: task.version },
      {
        delaySeconds,
        // By which a kill takes the message back.
        label: task._id,
        deduplicationId: `job-${task._id}-${task.version}${mark}`,
        flowControl: {
          key: laneOf(task),
          parallelism: ctx.config.jobs.parallelism,
        },
      },
    );
    return true;
  } catch (error) {
    ctx.runtime.log("warn", "the job's message was left to the relay", {
      task_id: task._id,
      error: String(error),
    });
    return false;
  }
}

/** Each priority has its own share of the namespace's parallelism, so that none waits behind a lower one. */
function laneOf(task: TaskRecord): string {
  const suffix = task.priority === "normal" ? "" : `-${task.priority}`;
  return `jobs-${task.namespace_id}${suffix}`;
}
