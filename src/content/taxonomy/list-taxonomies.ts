import type { ResourceListRequest } from "../../contract/common.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { TaxonomyRecord } from "../../ports/taxonomy-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { pageOptions, resourceFilter } from "../../engine/paging.ts";

/** One page of the namespace's taxonomies. Throws `invalid_cursor`. */
export async function listTaxonomies({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: ResourceListRequest;
}): Promise<Page<TaxonomyRecord>> {
  return ctx.stores.taxonomies.list(ctx.namespace._id, resourceFilter(input), pageOptions(input));
}
