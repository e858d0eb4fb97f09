import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { actorOf } from "../principal.ts";
import { DomainError, notFound } from "../errors.ts";
import { cancelTask } from "./cancel-task.ts";
import { isTerminal, UNFINISHED_STATUSES } from "../../contract/status.ts";
import type { BulkOutcome, BulkRequest } from "../../contract/task.ts";
import { applyToMany } from "./bulk.ts";

/**
 * Asks for a task's cancellation and returns the task. Repeating the call returns the same. Throws
 * `not_found`, `task_already_terminal`, `task_not_killable`.
 */
export async function killTask({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly taskId: string; readonly reason: string | null };
}): Promise<TaskRecord> {
  const outcome = await cancelTask({
    ctx,
    namespaceId: ctx.namespace._id,
    taskId: input.taskId,
    request: { actor: actorOf(ctx.principal), reason: input.reason },
  });
  switch (outcome.kind) {
    case "accepted":
      return outcome.task;
    case "not_found":
      throw notFound("task", input.taskId);
    case "ended":
      throw new DomainError("task_already_terminal", `The task has ended: ${outcome.task.status}.`);
    case "not_killable":
      throw new DomainError("task_not_killable", outcome.reason);
  }
}

/** Kills the tasks that match a filter; by default, all that have not ended. */
export function killMany({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: BulkRequest;
}): Promise<BulkOutcome> {
  return applyToMany({
    ctx,
    request: input,
    verb: {
      statuses: UNFINISHED_STATUSES,
      refusal: (task) => {
        if (isTerminal(task.status)) return "task_already_terminal";
        return task.kill_refusal === null ? null : "task_not_killable";
      },
      perform: async ({ _id: taskId }) => {
        const killed = await killTask({ ctx, input: { taskId, reason: input.reason ?? null } });
        return { status: killed.status, newTaskId: null };
      },
    },
  });
}
