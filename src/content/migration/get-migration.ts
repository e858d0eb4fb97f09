import type { MigrationRecord } from "./migration-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { notFound } from "../../engine/errors.ts";
import { createMigrationStore } from "./create-migration-store.ts";

/** A migration by its id or its target's name. Throws `not_found`. */
export async function getMigration({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly migration: string };
}): Promise<MigrationRecord> {
  const migration = await createMigrationStore(ctx.database).find(
    ctx.namespace._id,
    input.migration,
  );
  if (migration === null) throw notFound("migration", input.migration);
  return migration;
}
