import type { ResourceListRequest } from "../../contract/common.ts";
import type { MigrationRecord } from "./migration-store.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { pageOptions, resourceFilter } from "../../engine/paging.ts";
import { createMigrationStore } from "./create-migration-store.ts";

/** One page of the migrations from a namespace. Throws `invalid_cursor`. */
export async function listMigrations({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: ResourceListRequest;
}): Promise<Page<MigrationRecord>> {
  return createMigrationStore(ctx.database).list(
    ctx.namespace._id,
    resourceFilter(input),
    pageOptions(input),
  );
}
