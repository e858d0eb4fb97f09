import { isTerminal } from "../../contract/status.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { actorOf, type NamespaceContext } from "../context.ts";
import { DomainError, notFound } from "../errors.ts";
import { changeTask } from "./change-task.ts";
import type { Intent } from "./plan-change.ts";
import { requestDispatch } from "./request-dispatch.ts";

/** How often a kill that lost a race against the runner looks again. The runner writes about once a second. */
const MAX_TRIES = 10;

/**
 * Asks for a task's cancellation. A PENDING task is CANCELED at once; of a running one the request
 * is noted, and its runner acknowledges it and confirms by CANCELED. Asked again, the answer is
 * the same. Throws `not_found`, `task_already_terminal`, `task_not_killable`.
 */
export async function killTask({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly taskId: string; readonly reason: string | null };
}): Promise<TaskRecord> {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const task = await ctx.stores.tasks.find(ctx.namespace._id, input.taskId);
    if (task === null) throw notFound("task", input.taskId);
    if (isTerminal(task.status)) return alreadyEnded(task);
    if (ctx.taskTypes.get(task.task_type)?.killable !== true) {
      throw new DomainError(
        "task_not_killable",
        `A task of type ${task.task_type} can't be killed.`,
      );
    }
    if (task.cancel !== null) return task;
    const outcome = await changeTask({ ctx, task, intent: killIntent(ctx, task, input.reason) });
    if (outcome.kind === "changed") {
      if (isTerminal(outcome.task.status)) await requestDispatch({ ctx, task: outcome.task });
      return outcome.task;
    }
  }
  throw new Error(`the kill of ${input.taskId} lost ${MAX_TRIES} races`);
}

/** A kill repeated after it was carried out is answered as before; anything else came too late. */
function alreadyEnded(task: TaskRecord): TaskRecord {
  if (task.status === "CANCELED" && task.cancel !== null) return task;
  throw new DomainError("task_already_terminal", `The task has ended: ${task.status}.`);
}

function killIntent(ctx: NamespaceContext, task: TaskRecord, reason: string | null): Intent {
  const now = ctx.runtime.now();
  const isQueued = task.status === "PENDING";
  return {
    to: isQueued ? "CANCELED" : task.status,
    kind: isQueued ? "status" : "cancel",
    actor: actorOf(ctx.principal),
    reason: reason ?? "kill requested",
    patch: {
      cancel: {
        requested_at: now,
        requested_by: actorOf(ctx.principal),
        // Nothing runs: there is nobody else to acknowledge it.
        acknowledged_at: isQueued ? now : null,
        reason,
      },
    },
    events: [],
  };
}
