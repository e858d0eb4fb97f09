import { isTerminal } from "../../contract/status.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { cancelChildren } from "../tasks/cancel-task.ts";
import { cacheTasks } from "../tasks/cache-task.ts";
import { mirrorTasks } from "../tasks/mirror-task.ts";

/**
 * What the service itself does about tasks' events before anybody else hears of them: mends the
 * resources that show the tasks' status and the hot copies of those that have ended, which nothing
 * else would write any more, and carries a kill on to a task's children, whoever should have done
 * so and died in between. Each may run twice.
 */
export async function runSystemSubscribers({
  ctx,
  tasks,
}: {
  ctx: ServiceContext;
  tasks: readonly TaskRecord[];
}): Promise<void> {
  await Promise.all([
    mirrorTasks({ ctx, tasks }),
    cacheTasks({ ctx, tasks: tasks.filter((task) => isTerminal(task.status)) }),
  ]);
  for (const task of tasks) {
    if (task.cancel === null || task.status !== "CANCELED") continue;
    await cancelChildren({ ctx, parent: task, actor: task.cancel.requested_by });
  }
}
