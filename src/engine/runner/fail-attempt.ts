import { StoreUnavailableError } from "../../ports/errors.ts";
import type { TaskErrorRecord } from "../../ports/task-store.ts";
import { publishJob } from "../tasks/publish-job.ts";
import { retryIntent } from "../tasks/retry-intent.ts";
import { NonRetryableError } from "../jobs/define-loop.ts";
import { endTask } from "./end-task.ts";
import { type Run, type RunOutcome, writeAsHolder } from "./run.ts";

/** What is kept of a step's error: its message, never its stack or cause. */
export function describeError(
  error: unknown,
  attempt: number,
  maxAttempts: number,
): TaskErrorRecord {
  const isFinal = error instanceof NonRetryableError || attempt >= maxAttempts;
  const record = {
    code: error instanceof NonRetryableError ? error.code : "step_failed",
    message: error instanceof Error ? error.message : String(error),
    retryable: !isFinal,
    attempt,
    details: null,
  };
  return error instanceof StoreUnavailableError ? { ...record, code: "store_outage" } : record;
}

/**
 * After a failed attempt: PENDING again with exponential back-off while attempts are left and the
 * error is retryable, FAILED otherwise. The next attempt continues after the last completed step.
 */
export async function failAttempt(run: Run, error: TaskErrorRecord): Promise<RunOutcome> {
  if (!error.retryable || run.task.cancel !== null) {
    return endTask(run, { status: "FAILED", error });
  }
  const { ctx } = run;
  const { intent, delaySeconds } = retryIntent({
    ctx,
    task: run.task,
    error,
    actor: "runner",
    now: ctx.runtime.now(),
  });
  const kept = { checkpoint: run.state, progress: run.progress };
  const written = await writeAsHolder(run, (task) =>
    task.cancel === null
      ? { ...intent, patch: { ...intent.patch, ...kept }, events: run.events }
      : null,
  );
  // Killed meanwhile: there is nothing to wait for.
  if (written.kind === "reconsider") return endTask(run, { status: "FAILED", error });
  if (written.kind === "lost") return { kind: "lost" };
  await publishJob({ ctx, task: written.task, delaySeconds });
  return { kind: "retried", delaySeconds };
}
