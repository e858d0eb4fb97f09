import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { DomainError, notFound } from "../errors.ts";
import { createTask } from "./create-task.ts";
import type { ExecutorTerms } from "./new-task.ts";
import type { BulkOutcome, BulkRequest } from "../../contract/task.ts";
import { applyToMany } from "./bulk.ts";

/** A task that ended without success can be retried, as a new task that names the old one. */
export function isRetryable(task: Pick<TaskRecord, "status">): boolean {
  return task.status === "FAILED" || task.status === "CANCELED";
}

/**
 * Creates a new task from a FAILED or CANCELED one, with the same work, labels and limits; it
 * starts from the beginning. Repeating the call returns the same new task: a task has one retry,
 * which may have its own. Throws `not_found` and `task_not_retryable`.
 */
export async function retryTask({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly taskId: string };
}): Promise<TaskRecord> {
  const task = await ctx.stores.tasks.find(ctx.namespace._id, input.taskId);
  if (task === null) throw notFound("task", input.taskId);
  if (!isRetryable(task)) {
    throw new DomainError(
      "task_not_retryable",
      `Only a FAILED or CANCELED task can be retried; this one is ${task.status}.`,
    );
  }
  const { job_id: _, ...additionalData } = task.additional_data;
  return createTask({
    ctx,
    input: {
      taskId: ctx.runtime.newId("task"),
      taskType: task.task_type,
      resourceId: task.resource_id,
      jobInput: task.job_input,
      inputs: task.inputs ?? [],
      additionalData: { ...additionalData, job_id: ctx.runtime.newId("job") },
      options: {
        priority: task.priority,
        tags: [...task.tags],
        metadata: task.metadata,
        max_attempts: task.max_attempts,
        ...(task.parent_task_id !== null && { parent_task_id: task.parent_task_id }),
        ...(task.singleton_key !== null && {
          singleton: { key: task.singleton_key, when_busy: "queue" },
        }),
      },
      keyed: { slot: `retry:${task._id}`, hash: null },
      retryOf: task._id,
      ...termsOf(task),
    },
  });
}

/**
 * The settings that an executor's task was created with; its type may have changed or been deleted
 * since.
 */
function termsOf(task: TaskRecord): { readonly executor?: ExecutorTerms } {
  if (task.executor === null) return {};
  return {
    executor: {
      killable: task.kill_refusal === null,
      attempts: task.max_attempts,
      heartbeatTimeout: task.executor.heartbeat_timeout,
      backoff: task.executor.backoff,
      concurrency:
        task.concurrency_key === null
          ? null
          : { key: task.concurrency_key, limit: task.concurrency_limit },
    },
  };
}

/** Retries the tasks that match a filter; by default, the FAILED ones. */
export function retryMany({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: BulkRequest;
}): Promise<BulkOutcome> {
  return applyToMany({
    ctx,
    request: input,
    verb: {
      statuses: ["FAILED"],
      refusal: (task) => (isRetryable(task) ? null : "task_not_retryable"),
      perform: async ({ _id: taskId, status }) => {
        const retry = await retryTask({ ctx, input: { taskId } });
        return { status, newTaskId: retry._id };
      },
    },
  });
}
