import type { CreateTaskRequest } from "../../contract/external-task.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import type { Keyed } from "../keyed-request.ts";
import { requireValid } from "../json-schema.ts";
import { renderConcurrencyKey } from "../tasks/concurrency-key.ts";
import { createTask } from "../tasks/create-task.ts";

/**
 * Creates a task whose work is done elsewhere. Throws `invalid_request` for a type that isn't
 * registered and for each field of the input that its schema refuses, and what `createTask` throws.
 */
export async function createExternalTask({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly request: CreateTaskRequest; readonly keyed: Keyed | null };
}): Promise<TaskRecord> {
  const { task_type: taskType, input: jobInput, ...options } = input.request;
  const type = await ctx.stores.taskTypes.find(ctx.namespace._id, taskType);
  if (type === null) throw unknownType(taskType);
  if (type.input_schema !== null) requireValid(jobInput, type.input_schema, "input");
  const queueTtl = options.expires_at === undefined ? (options.queue_ttl ?? type.queue_ttl) : null;
  return createTask({
    ctx,
    input: {
      taskId: ctx.runtime.newId("task"),
      taskType,
      resourceId: null,
      jobInput,
      inputs: [jobInput],
      additionalData: {},
      options: { ...options, ...(queueTtl !== null && { queue_ttl: queueTtl }) },
      keyed: input.keyed,
      executor: {
        killable: type.killable,
        attempts: type.max_attempts,
        heartbeatTimeout: type.heartbeat_timeout,
        backoff: type.backoff,
        concurrency:
          type.concurrency === null
            ? null
            : {
                key: `${taskType}:${renderConcurrencyKey(type.concurrency.key, jobInput)}`,
                limit: type.concurrency.limit,
              },
      },
    },
  });
}

function unknownType(taskType: string): DomainError {
  const message = `there is no task type "${taskType}" in this namespace; make it with PUT /v1/task-types/${taskType}`;
  return new DomainError("invalid_request", `task_type: ${message}`, [
    { path: "task_type", message },
  ]);
}
