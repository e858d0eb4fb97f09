import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import { getMigration } from "./get-migration.ts";
import { createMigrationStore } from "./create-migration-store.ts";

/**
 * Deletes a migration that no task works for. Its target stays: in service, or as far as it was
 * filled. Throws `not_found` and `resource_in_use`.
 */
export async function deleteMigration({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly migration: string };
}): Promise<void> {
  const migration = await getMigration({ ctx, input });
  if (await createMigrationStore(ctx.database).removeAtRest(ctx.namespace._id, migration._id))
    return;
  // Gone meanwhile: by another deletion at once, or by this one, whose answer was lost.
  if ((await createMigrationStore(ctx.database).find(ctx.namespace._id, migration._id)) === null)
    return;
  throw new DomainError(
    "resource_in_use",
    `The task "${migration.task_id ?? "just made"}" works for it. Wait until it has ended.`,
  );
}
