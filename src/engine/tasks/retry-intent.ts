import type { TaskErrorRecord, TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { backoffSeconds } from "./backoff.ts";
import type { Intent } from "./plan-change.ts";
import { RELAY_AFTER_SECONDS } from "./task-times.ts";

/**
 * Returns a task to PENDING after a retryable failure, with exponential back-off; and the delay, in
 * seconds.
 */
export function retryIntent({
  ctx,
  task,
  error,
  actor,
  now,
}: {
  ctx: ServiceContext;
  task: TaskRecord;
  error: TaskErrorRecord;
  actor: string;
  now: Date;
}): { readonly intent: Intent; readonly delaySeconds: number } {
  const backoff = task.executor?.backoff ?? ctx.jobs.get(task.task_type)?.backoff ?? undefined;
  const delaySeconds = backoffSeconds(error.attempt, ctx.runtime.random, backoff);
  return {
    delaySeconds,
    intent: {
      to: "PENDING",
      kind: "status",
      actor,
      reason: `attempt ${error.attempt} failed: ${error.message}; next in ${delaySeconds} s`,
      patch: {
        last_error: error,
        outages: 0,
        lease_token: null,
        lease_expires_at: null,
        relay_at: new Date(now.getTime() + (delaySeconds + RELAY_AFTER_SECONDS) * 1000),
      },
      events: [],
    },
  };
}

/** Ends a task as FAILED with this error. */
export function failIntent(error: TaskErrorRecord, actor: string): Intent {
  return {
    to: "FAILED",
    kind: "status",
    actor,
    reason: error.message,
    patch: { last_error: { ...error, retryable: false }, error_message: error.message },
    events: [],
  };
}
