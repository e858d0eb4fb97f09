import type { Task } from "../../contract/task.ts";
import type { CachedTask } from "../../ports/task-cache.ts";
import type { TaskRecord } from "../../ports/task-store.ts";

/** A task as every caller sees it. */
export function presentTask(task: TaskRecord): Task {
  return {
    task_id: task._id,
    task_type: task.task_type,
    status: task.status,
    inputs: task.inputs === null ? null : [...task.inputs],
    outputs: task.outputs === null ? null : [...task.outputs],
    additional_data: task.additional_data,
    error_message: task.error_message,

    namespace_id: task.namespace_id,
    created_at: task.created_at.toISOString(),
    updated_at: task.updated_at.toISOString(),
    started_at: task.started_at?.toISOString() ?? null,
    completed_at: task.completed_at?.toISOString() ?? null,
    progress: task.progress,
    attempt: task.attempt,
    max_attempts: task.max_attempts,
    cancel:
      task.cancel === null
        ? null
        : {
            requested_at: task.cancel.requested_at.toISOString(),
            requested_by: task.cancel.requested_by,
            acknowledged_at: task.cancel.acknowledged_at?.toISOString() ?? null,
            reason: task.cancel.reason,
          },
    last_error: task.last_error,
    tags: [...task.tags],
    parent_task_id: task.parent_task_id,
    retry_of: task.retry_of,
    version: task.version,
    sequence: task.sequence,
    priority: task.priority,
    metadata: task.metadata,
    not_before: task.not_before?.toISOString() ?? null,
    expires_at: task.expires_at?.toISOString() ?? null,
    singleton_key: task.singleton_key,
    killable: task.kill_refusal === null,
  };
}

/** A task as stored in its hot copy. */
export function cachedTaskOf(task: TaskRecord): CachedTask {
  return { version: task.version, status: task.status, json: JSON.stringify(presentTask(task)) };
}
