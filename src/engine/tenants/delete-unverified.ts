import { COPIED_KINDS } from "../../ports/copied-kinds.ts";
import { isTerminal } from "../../contract/status.ts";
import type { NamespaceRecord } from "../../ports/namespace-store.ts";
import type { CallerContext } from "../context.ts";
import { DomainError } from "../errors.ts";

/**
 * Deletes the target of a migration that was never verified, with all that was copied: nobody could
 * use it, and nothing in it is anywhere's only copy. Throws `resource_in_use` while the migration is
 * at work. The namespace goes last, so that after a crash it is there to be deleted again.
 */
export async function deleteUnverified(
  ctx: CallerContext,
  { _id, name, filled_by }: NamespaceRecord,
): Promise<void> {
  const { copies, migrations, namespaces } = ctx.stores;
  if (filled_by !== undefined) {
    const migration = await migrations.find(filled_by.namespace_id, filled_by.migration_id);
    // A DRAFT has never been started, so it is at rest as much as one that has ended.
    if (migration !== null && migration.status !== "DRAFT" && !isTerminal(migration.status)) {
      throw new DomainError(
        "resource_in_use",
        `The migration "${migration._id}" fills the namespace "${name}". Wait until it has ended.`,
      );
    }
  }
  for (const kind of COPIED_KINDS) await copies.removeAll(kind, _id);
  await namespaces.remove(_id);
}
