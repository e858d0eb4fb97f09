import type { TaskRecord } from "../../ports/task-store.ts";
import { bestEffort } from "../best-effort.ts";
import type { ServiceContext } from "../context.ts";
import { mirrorOf } from "../jobs/resource-kind.ts";

/**
 * Writes a task's status to the resource that it works for, so either can be polled. The task is
 * written first and is authoritative. The dispatch of the change's events does this again, which
 * repairs a crash in between.
 */
export async function mirrorTask({
  ctx,
  task,
}: {
  ctx: Pick<ServiceContext, "database" | "resources">;
  task: TaskRecord;
}): Promise<void> {
  if (task.resource_id === null) return;
  const kind = ctx.resources.get(prefixOf(task.resource_id));
  await kind?.store(ctx.database).mirror(task.resource_id, mirrorOf(task));
}

/** The same for many tasks: one command for each kind of resource. */
export async function mirrorTasks({
  ctx,
  tasks,
}: {
  ctx: Pick<ServiceContext, "database" | "resources">;
  tasks: readonly TaskRecord[];
}): Promise<void> {
  const mirrors = tasks.flatMap((task) =>
    task.resource_id === null ? [] : [{ resourceId: task.resource_id, task: mirrorOf(task) }],
  );
  for (const [prefix, kind] of ctx.resources) {
    const own = mirrors.filter(({ resourceId }) => prefixOf(resourceId) === prefix);
    if (own.length > 0) await kind.store(ctx.database).mirrorMany(own);
  }
}

/** The prefix of an id. */
function prefixOf(id: string): string {
  return id.slice(0, id.indexOf("_"));
}

/** The same once the task is written: a failure is logged and repaired by the dispatch. */
export async function mirrorOrLog({
  ctx,
  task,
}: {
  ctx: ServiceContext;
  task: TaskRecord;
}): Promise<void> {
  const log = "the resource was not written";
  await bestEffort(ctx, { log, fields: { task_id: task._id }, on: "everything" }, () =>
    mirrorTask({ ctx, task }),
  );
}
