import type { ResourceListRequest } from "../../contract/common.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { TaxonomyRecord } from "./taxonomy-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { pageOptions, resourceFilter } from "../../engine/paging.ts";
import { createTaxonomyStore } from "./create-taxonomy-store.ts";

/** One page of the namespace's taxonomies. Throws `invalid_cursor`. */
export async function listTaxonomies({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: ResourceListRequest;
}): Promise<Page<TaxonomyRecord>> {
  return createTaxonomyStore(ctx.database).list(
    ctx.namespace._id,
    resourceFilter(input),
    pageOptions(input),
  );
}
