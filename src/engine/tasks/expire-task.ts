import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { changeTask } from "./change-task.ts";
import type { Intent } from "./plan-change.ts";
import { requestDispatch } from "./request-dispatch.ts";

/** Whether a task expired in the queue before its first attempt. */
export function isExpired(task: TaskRecord, now: Date): boolean {
  return (
    task.status === "PENDING" &&
    task.attempt === 0 &&
    task.expires_at !== null &&
    task.expires_at <= now
  );
}

/**
 * Ends a task that expired in the queue: FAILED, or SKIPPED if the submission asked for that. Does
 * nothing when another writer was faster.
 */
export async function expireTask({
  ctx,
  task,
}: {
  ctx: ServiceContext;
  task: TaskRecord;
}): Promise<void> {
  const outcome = await changeTask({ ctx, task, intent: expiry(task) });
  if (outcome.kind === "changed") await requestDispatch({ ctx, task: outcome.task });
}

function expiry(task: TaskRecord): Intent {
  const message = `The task did not start before ${task.expires_at?.toISOString() ?? "its time"}.`;
  const base = { kind: "status", actor: "waybill", reason: message, events: [] } as const;
  if (task.on_expire === "skip") {
    const additional_data = { ...task.additional_data, skip_reason: message };
    return { ...base, to: "SKIPPED", patch: { additional_data } };
  }
  return {
    ...base,
    to: "FAILED",
    patch: {
      error_message: message,
      last_error: {
        code: "queue_ttl_expired",
        message,
        retryable: false,
        attempt: task.attempt,
        details: null,
      },
    },
  };
}
