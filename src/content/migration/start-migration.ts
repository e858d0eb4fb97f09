import type { StartMigrationRequest } from "../../contract/migration.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import type { Keyed } from "../../engine/keyed-request.ts";
import { submitForResource } from "../../engine/tasks/submit-for-resource.ts";
import { getMigration } from "./get-migration.ts";
import { targetIdOf } from "./id-map.ts";
import { runMigration } from "./job/run-migration.ts";

/**
 * Creates the task that copies. While one is running it is returned, and for a COMPLETED migration
 * the task that did it. After a failure or a kill, a new task continues with the same target.
 * Throws `not_found`, and `not_a_draft` when a COMPLETED migration outlived its task.
 */
export async function startMigration({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: {
    readonly migration: string;
    readonly options: StartMigrationRequest;
    readonly keyed: Keyed | null;
  };
}): Promise<TaskRecord> {
  const migration = await getMigration({ ctx, input });
  if (migration.status === "COMPLETED") {
    // Its target is in service: copying again would write over what was done there since.
    const task = await ctx.stores.tasks.find(ctx.namespace._id, migration.task_id ?? "");
    if (task !== null) return task;
    throw new DomainError(
      "not_a_draft",
      "The migration was completed, and its task is past retention. Make a new migration.",
    );
  }
  const { options, keyed } = input;
  return submitForResource({
    ctx,
    task: {
      taskType: runMigration.type,
      resourceId: migration._id,
      jobInput: { migration_id: migration._id },
      inputs: [migration._id],
      additionalData: {
        migration_id: migration._id,
        target_name: migration.name,
        target_namespace_id: targetIdOf(migration._id),
      },
    },
    submission: { options, keyed },
  });
}
