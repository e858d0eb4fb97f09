import { isTerminal } from "../../contract/status.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../../engine/context.ts";
import { cancelChildren } from "../../engine/tasks/cancel-task.ts";
import { cacheTasks } from "../../engine/tasks/cache-task.ts";
import { growSchemas } from "../../content/collections/grow-schemas.ts";
import { mirrorTasks } from "../tasks/mirror-task.ts";

/**
 * What the service itself does about tasks' events before anybody else hears of them. Each may run
 * twice, and what one can't do is repeated with the whole dispatch:
 *
 * - the resources that show tasks' status (batch, cluster, taxonomy, migration) get it again;
 * - cache invalidation: a hot copy in Redis that an older status left behind is replaced by that of
 *   the ended task, and whoever waits for it is woken. Nothing else would write it any more; the
 *   copy of a living task is mended by its next write, or forgotten after five minutes. What
 *   isolates remember is not dropped: tasks that have ended, which never change, and keys and
 *   namespaces for a minute, of which no event tells;
 * - schema update: the schemas of collections grow by what was written to them;
 * - a kill is carried on to a task's children, whoever should have done so and died in between.
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
    growSchemas({ ctx, tasks }),
  ]);
  for (const task of tasks) {
    if (task.cancel === null || task.status !== "CANCELED") continue;
    await cancelChildren({ ctx, parent: task, actor: task.cancel.requested_by });
  }
}
