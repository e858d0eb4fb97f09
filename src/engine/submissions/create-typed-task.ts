import type { CreateTaskRequest } from "../../contract/external-task.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import type { Keyed } from "../keyed-request.ts";
import { createExternalTask } from "../executors/create-external-task.ts";
import { invalidInput } from "../invalid-input.ts";
import { createTask } from "../tasks/create-task.ts";

/**
 * Creates a task of a type: one of this deployment's jobs, or a type whose work is done elsewhere.
 * A job's input is checked against its schema and stored as sent, because each invocation parses it
 * again; this costs one MongoDB write. Throws `invalid_request` for an unknown type, a type with
 * its own route and each invalid field of the input, and what `createTask` throws.
 */
export async function createTypedTask({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly request: CreateTaskRequest; readonly keyed: Keyed | null };
}): Promise<TaskRecord> {
  const { task_type: taskType, input: jobInput, ...options } = input.request;
  const job = ctx.jobs.get(taskType);
  if (job === undefined) return createExternalTask({ ctx, input });
  if (job.resource !== null) {
    const message = "a built-in type is started by its own route, not by this one";
    throw new DomainError("invalid_request", `task_type: ${message}`, [
      { path: "task_type", message },
    ]);
  }
  const { success, error } = job.input.safeParse(jobInput);
  if (!success) throw invalidInput(error.issues, ["input"]);
  return createTask({
    ctx,
    input: {
      taskId: ctx.runtime.newId("task"),
      taskType,
      resourceId: null,
      jobInput,
      inputs: [jobInput],
      additionalData: { job_id: ctx.runtime.newId("job") },
      options,
      keyed: input.keyed,
    },
  });
}
