import type { ResourceListRequest } from "../../contract/common.ts";
import type { CollectionRecord } from "./collection-store.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { pageOptions, resourceFilter } from "../../engine/paging.ts";
import { createCollectionStore } from "./create-collection-store.ts";

/** One page of the namespace's collections. Throws `invalid_cursor`. */
export async function listCollections({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: ResourceListRequest;
}): Promise<Page<CollectionRecord>> {
  return createCollectionStore(ctx.database).list(
    ctx.namespace._id,
    resourceFilter(input),
    pageOptions(input),
  );
}
