import { isTerminal } from "../../contract/status.ts";
import type { NamespaceRecord } from "../../ports/namespace-store.ts";
import type { CallerContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import { COPIED_KINDS } from "./copied-kinds.ts";
import { createCopyStore } from "./create-copy-store.ts";
import { createMigrationStore } from "./create-migration-store.ts";

/**
 * Removes everything copied into the target of a migration that was never verified: nobody could
 * use it, and it holds no only copy. Throws `resource_in_use` while the migration is running.
 */
export async function removeUnverified({
  ctx,
  namespace,
}: {
  ctx: CallerContext;
  namespace: NamespaceRecord;
}): Promise<void> {
  const { _id, name, filled_by } = namespace;
  if (filled_by !== undefined) {
    const migrations = createMigrationStore(ctx.database);
    const migration = await migrations.find(filled_by.namespace_id, filled_by.migration_id);
    // A DRAFT has never been started, so it is at rest as much as one that has ended.
    if (migration !== null && migration.status !== "DRAFT" && !isTerminal(migration.status)) {
      throw new DomainError(
        "resource_in_use",
        `The migration "${migration._id}" fills the namespace "${name}". Wait until it has ended.`,
      );
    }
  }
  const copies = createCopyStore(ctx.database);
  for (const kind of COPIED_KINDS) await copies.removeAll(kind, _id);
}
