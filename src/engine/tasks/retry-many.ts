import type { BulkOutcome, BulkRequest } from "../../contract/task.ts";
import type { NamespaceContext } from "../context.ts";
import { applyToMany } from "./bulk.ts";
import { isRetryable, retryTask } from "./retry-task.ts";

/** Retries the tasks that a filter meets, the FAILED ones if it doesn't say. */
export function retryMany({
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
      statuses: ["FAILED"],
      refusal: (task) => (isRetryable(task) ? null : "task_not_retryable"),
      perform: async ({ _id: taskId, status }) => {
        const retry = await retryTask({ ctx, input: { taskId } });
        return { status, newTaskId: retry._id };
      },
    },
  });
}
