import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext, WhenBusy } from "../context.ts";
import { createTask } from "../tasks/create-task.ts";
import type { NewTask, Submission } from "../tasks/new-task.ts";

/** A submission for a resource that is its own singleton. */
export type ResourceSubmission = Submission & {
  /** `return` when absent. */
  readonly whenBusy?: WhenBusy | undefined;
};

/**
 * Creates a task for a resource, unless one is already at work; by default, that task is then
 * returned. The resource's id is the singleton key, so only one of two simultaneous submissions
 * creates the task. Throws what `createTask` throws.
 */
export function submitForResource({
  ctx,
  task,
  submission,
}: {
  ctx: NamespaceContext;
  task: Pick<NewTask, "taskType" | "jobInput" | "inputs" | "additionalData"> & {
    readonly resourceId: string;
  };
  submission: ResourceSubmission;
}): Promise<TaskRecord> {
  const { options, keyed, whenBusy = "return" } = submission;
  return createTask({
    ctx,
    input: {
      ...task,
      taskId: ctx.runtime.newId("task"),
      additionalData: { ...task.additionalData, job_id: ctx.runtime.newId("job") },
      options: { ...options, singleton: { key: task.resourceId, when_busy: whenBusy } },
      keyed,
    },
  });
}
