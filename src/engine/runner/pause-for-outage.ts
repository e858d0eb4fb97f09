import { StoreUnavailableError } from "../../ports/errors.ts";
import { backoffSeconds } from "../tasks/backoff.ts";
import { continueLater } from "./continue-later.ts";
import { describeError } from "./fail-attempt.ts";
import type { Run, RunOutcome } from "./run.ts";

/**
 * How many times an attempt may pause for a store before that counts as a failure. The waits grow
 * from 2 s to 300 s, with jitter: nine minutes in all on average, 18 at most. A step that can never
 * be written looks like an outage too; this limit still ends its task (P1).
 */
export const MAX_OUTAGES = 10;

/** Whether a step's error is an outage for which its attempt may pause. */
export function isOutage(run: Run, error: unknown): error is StoreUnavailableError {
  return (
    error instanceof StoreUnavailableError &&
    run.task.outages < MAX_OUTAGES &&
    // Killed: there is nothing to wait for.
    run.task.cancel === null
  );
}

/**
 * Pauses an attempt for a store's outage and continues it after a back-off. The task isn't at
 * fault, so this costs no attempt. If even this can't be written, the error is rethrown, and the
 * lease expires like a dead runner's.
 */
export async function pauseForOutage(run: Run, error: StoreUnavailableError): Promise<RunOutcome> {
  const { runtime } = run.ctx;
  const outages = run.task.outages + 1;
  const delaySeconds = backoffSeconds(outages, runtime.random);
  runtime.log("warn", "a job waits for a store", {
    task_id: run.task._id,
    error: String(error),
    delay_seconds: delaySeconds,
  });
  const { attempt } = run.task;
  const last_error = { ...describeError(error, attempt, attempt + 1) };
  return continueLater(run, { delaySeconds, patch: { outages, last_error } });
}
