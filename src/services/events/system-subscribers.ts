import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { cancelChildren } from "../tasks/cancel-task.ts";
import { mirrorTask } from "../tasks/mirror-task.ts";

/**
 * What the service itself does about a task's events before anybody else hears of them: mends the
 * resource that shows the task's status, and carries a kill on to the task's children, whoever
 * should have done so and died in between. Each may run twice.
 */
export async function runSystemSubscribers({
  ctx,
  task,
}: {
  ctx: ServiceContext;
  task: TaskRecord;
}): Promise<void> {
  await mirrorTask({ ctx, task });
  if (task.cancel !== null && task.status === "CANCELED") {
    await cancelChildren({ ctx, parent: task, actor: task.cancel.requested_by });
  }
}
