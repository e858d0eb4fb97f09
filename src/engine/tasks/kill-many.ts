import { isTerminal, UNFINISHED_STATUSES } from "../../contract/status.ts";
import type { BulkOutcome, BulkRequest } from "../../contract/task.ts";
import type { NamespaceContext } from "../context.ts";
import { applyToMany } from "./bulk.ts";
import { killTask } from "./kill-task.ts";

/** Kills the tasks that a filter meets, those that have not ended if it doesn't say. */
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
