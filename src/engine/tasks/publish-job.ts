import type { QueuedJob } from "../../ports/queue.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { bestEffort } from "../best-effort.ts";
import type { ServiceContext } from "../context.ts";

/** A task whose message is to be published. */
export type DueJob = {
  readonly task: TaskRecord;
  readonly delaySeconds?: number;
  /** Distinguishes a deliberate repetition from a duplicate. */
  readonly mark?: string;
};

/**
 * Publishes the message that runs a task, and returns whether it was published. This is only for
 * speed: a PENDING task is its own outbox, and the relay or the reaper republishes messages that
 * never arrived (P1, P6).
 */
export async function publishJob({
  ctx,
  ...due
}: DueJob & { ctx: ServiceContext }): Promise<boolean> {
  const { message, options } = queuedJob(ctx, due);
  return leaveToRelay(ctx, [due], () => ctx.stores.queue.publishJob(message, options));
}

/** The same for many tasks in one request; returns whether all were published. */
export async function publishJobs({
  ctx,
  due,
}: {
  ctx: ServiceContext;
  due: readonly DueJob[];
}): Promise<boolean> {
  return leaveToRelay(ctx, due, () =>
    ctx.stores.queue.publishJobs(due.map((one) => queuedJob(ctx, one))),
  );
}

/** Whether it was done. */
async function leaveToRelay(
  ctx: ServiceContext,
  due: readonly DueJob[],
  publish: () => Promise<void>,
): Promise<boolean> {
  const fields = { task_ids: due.map(({ task }) => task._id) };
  const log = "a job's message was left to the relay";
  return (await bestEffort(ctx, { log, fields, on: "everything" }, publish)) !== null;
}

function queuedJob(ctx: ServiceContext, { task, delaySeconds = 0, mark = "" }: DueJob): QueuedJob {
  return {
    message: { task_id: task._id, version: task.version },
    options: {
      delaySeconds,
      // A kill deletes the message by this label.
      label: task._id,
      deduplicationId: `job-${task._id}-${task.version}${mark}`,
      flowControl: { key: laneOf(task), parallelism: ctx.config.jobs.parallelism },
    },
  };
}

/**
 * Each priority has its own share of the namespace's parallelism, so no task waits behind a lower
 * priority.
 */
function laneOf(task: TaskRecord): string {
  const suffix = task.priority === "normal" ? "" : `-${task.priority}`;
  return `jobs-${task.namespace_id}${suffix}`;
}
