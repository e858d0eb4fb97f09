import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { createTask } from "./create-task.ts";
import type { NewTask, Submission } from "./new-task.ts";

/**
 * Makes a task that works for a resource, unless one does already: then that one is answered. The
 * resource's id is the singleton key, so of two submits at once one makes the task. Throws what
 * `createTask` throws.
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
  submission: Submission;
}): Promise<TaskRecord> {
  const { options, idempotencySlot } = submission;
  return createTask({
    ctx,
    input: {
      ...task,
      taskId: ctx.runtime.newId("task"),
      additionalData: { ...task.additionalData, job_id: ctx.runtime.newId("job") },
      options: { ...options, singleton: { key: task.resourceId, when_busy: "return" } },
      idempotencySlot,
    },
  });
}
