import type { TaskErrorRecord, TaskRecord } from "../../ports/task-store.ts";
import type { Intent } from "../tasks/plan-change.ts";
import { requestDispatch } from "../tasks/request-dispatch.ts";
import { LeaseLostError } from "./lease-guard.ts";
import { type Run, type RunOutcome, writeAsHolder } from "./run.ts";
import { concludeWork, recountWork, undoWork } from "./clean-up.ts";

/** How a task ends, and why. */
export type Ending =
  | { readonly status: "COMPLETED" }
  | { readonly status: "SKIPPED"; readonly reason: string }
  | { readonly status: "CANCELED" }
  | { readonly status: "FAILED"; readonly error: TaskErrorRecord };

/**
 * Ends a task: undoes what must not stay, then makes one write with the status, the outputs and all
 * final events (P2, P3), then asks for their dispatch. A kill accepted before that write turns any
 * ending into CANCELED: a caller that got a 202 for it must not see the task complete.
 */
export async function endTask(run: Run, wanted: Ending): Promise<RunOutcome> {
  for (;;) {
    const ending = endingAfterKill(run.task, wanted);
    if (!(await cleanUp(run, ending))) return { kind: "lost" };
    const written = await writeAsHolder(run, (task) =>
      // Killed meanwhile: the undo that a kill needs has not been done yet.
      endingAfterKill(task, wanted).status === ending.status ? intentOf(run, task, ending) : null,
    );
    if (written.kind === "lost") return { kind: "lost" };
    if (written.kind === "written") {
      await requestDispatch({ ctx: run.ctx, task: written.task });
      return { kind: "ended", status: written.task.status };
    }
  }
}

/**
 * Counts and undoes what is left of the work; false when the lease was lost before that was done.
 */
async function cleanUp(run: Run, { status }: Ending): Promise<boolean> {
  try {
    await recountWork(run, status);
    await undoWork(run, status);
    return true;
  } catch (error) {
    if (error instanceof LeaseLostError) return false;
    throw error;
  }
}

function endingAfterKill(task: TaskRecord, wanted: Ending): Ending {
  return task.cancel === null ? wanted : { status: "CANCELED" };
}

function intentOf(run: Run, task: TaskRecord, ending: Ending): Intent {
  const conclusion = concludeWork(run, ending.status);
  return {
    to: ending.status,
    kind: "status",
    actor: run.actor,
    reason: reasonOf(task, ending),
    patch: {
      outputs: conclusion.outputs.length > 0 ? conclusion.outputs : null,
      progress: run.progress,
      checkpoint: run.state,
      ...endingFields(run, task, ending),
    },
    events: [...run.events, ...conclusion.events],
  };
}

function reasonOf(task: TaskRecord, ending: Ending): string {
  switch (ending.status) {
    case "COMPLETED":
      return "done";
    case "SKIPPED":
      return ending.reason;
    case "CANCELED":
      return task.cancel?.reason ?? "killed";
    case "FAILED":
      return ending.error.message;
  }
}

function endingFields(run: Run, task: TaskRecord, ending: Ending) {
  switch (ending.status) {
    case "COMPLETED":
      return {};
    case "SKIPPED":
      return { additional_data: { ...task.additional_data, skip_reason: ending.reason } };
    case "CANCELED":
      return task.cancel === null
        ? {}
        : {
            cancel: {
              ...task.cancel,
              acknowledged_at: task.cancel.acknowledged_at ?? run.ctx.runtime.now(),
            },
          };
    case "FAILED":
      return { error_message: ending.error.message, last_error: ending.error };
  }
}
