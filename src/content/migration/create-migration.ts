import type { CreateMigrationRequest } from "../../contract/migration.ts";
import type { MigrationRecord } from "./migration-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import { requireAdmin } from "../../engine/principal.ts";
import { createMigrationStore } from "./create-migration-store.ts";

/**
 * Plans a migration of the namespace, a DRAFT until it is started. It will make a namespace, which
 * only the administrator may. Throws `forbidden`, and `name_taken` when there is a namespace of the
 * target's name, or another migration to it from here.
 */
export async function createMigration({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: CreateMigrationRequest;
}): Promise<MigrationRecord> {
  requireAdmin(ctx.principal);
  const { target_name: name } = input;
  if ((await ctx.stores.namespaces.find(name)) !== null) throw targetTaken("namespace", name);
  const now = ctx.runtime.now();
  const migration: MigrationRecord = {
    _id: ctx.runtime.newId("migration"),
    namespace_id: ctx.namespace._id,
    name,
    status: "DRAFT",
    metadata: input.metadata ?? {},
    copied: null,
    task_id: null,
    task_version: 0,
    error_message: null,
    created_at: now,
    updated_at: now,
  };
  const outcome = await createMigrationStore(ctx.database).insert(migration);
  if (outcome.kind === "duplicate" && outcome.fields.includes("name")) {
    throw targetTaken("migration", name);
  }
  return migration;
}

function targetTaken(kind: "namespace" | "migration", name: string): DomainError {
  const detail =
    kind === "namespace"
      ? `There is a namespace named "${name}" already. Choose another name.`
      : `There is a migration of this namespace to "${name}" already. Start that one, or delete it first.`;
  return new DomainError("name_taken", detail, [{ path: "target_name", message: "taken" }]);
}
