import { StoreUnavailableError } from "../../ports/errors.ts";
import { backoffSeconds } from "../tasks/backoff.ts";
import { continueLater } from "./continue-later.ts";
import { describeError } from "./fail-attempt.ts";
import type { Run, RunOutcome } from "./run.ts";

/**
 * How often one attempt may be held up by a store before that counts as its failure. The waits grow
 * from 2 s to 300 s, with jitter: nine minutes in all on average, 18 at the most. A step that can
 * never be written, which looks like an outage too, so still ends its task (P1).
 */
export const MAX_OUTAGES = 10;

/** Whether what a step threw is an outage that its attempt may sit out. */
export function isOutage(run: Run, error: unknown): error is StoreUnavailableError {
  return (
    error instanceof StoreUnavailableError &&
    run.task.outages < MAX_OUTAGES &&
    // Killed: there is nothing to wait for.
    run.task.cancel === null
  );
}

/**
 * Pauses an attempt that a store's outage has held up, and goes on with it after a back-off: the
 * task has done nothing wrong, so it costs no attempt. When not even this can be written, the error
 * goes up, and the lease runs out as that of a runner that died.
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
