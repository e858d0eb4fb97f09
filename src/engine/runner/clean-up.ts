import type { TerminalStatus } from "../../contract/status.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";
import type { Conclusion } from "../jobs/loop.ts";
import { LeaseLostError } from "./lease-guard.ts";
import type { Run } from "./run.ts";

const NOTHING: Conclusion = { outputs: [], events: [] };

/**
 * Before an end that cuts the work short: updates the state with what a dead runner did after its
 * last checkpoint, so the task reports everything that is left. A job that can't tell keeps its
 * state.
 */
export async function recountWork(run: Run, ending: TerminalStatus): Promise<void> {
  if ((ending !== "CANCELED" && ending !== "FAILED") || run.job === null) return;
  try {
    run.state = await run.job.recount(run.state);
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error;
    logFailure(run, "what was done was not counted", error);
  }
}

/**
 * Undoes what a canceled or failed job should not leave behind. An undo that throws is logged and
 * not retried: a task that can't be undone, or whose checkpoint this deployment can't read, must
 * still end (P1). A store outage is rethrown, since a later try may work; so is a lost lease, since
 * its new holder undoes.
 */
export async function undoWork(run: Run, ending: TerminalStatus): Promise<void> {
  if ((ending !== "CANCELED" && ending !== "FAILED") || run.state === null) return;
  try {
    await run.job?.undo?.(run.state);
  } catch (error) {
    if (error instanceof StoreUnavailableError || error instanceof LeaseLostError) throw error;
    logFailure(run, "the work was not undone", error);
  }
}

/**
 * The outputs that the task shows. If computing them throws, a CANCELED or FAILED task ends without
 * them; for any other ending the error is rethrown.
 */
export function concludeWork(run: Run, ending: TerminalStatus): Conclusion {
  try {
    return run.job?.conclude(run.state, ending) ?? NOTHING;
  } catch (error) {
    if (ending !== "CANCELED" && ending !== "FAILED") throw error;
    logFailure(run, "the task ends without its outputs", error);
    return NOTHING;
  }
}

function logFailure(run: Run, message: string, error: unknown): void {
  run.ctx.runtime.log("error", message, { task_id: run.task._id, error: String(error) });
}
