import type { ResourceListRequest } from "../../contract/common.ts";
import type { BucketRecord } from "../../ports/content-stores.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { pageOptions, resourceFilter } from "../../engine/paging.ts";

/** One page of the namespace's buckets. Throws `invalid_cursor`. */
export function listBuckets({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: ResourceListRequest;
}): Promise<Page<BucketRecord>> {
  return ctx.stores.buckets.list(ctx.namespace._id, resourceFilter(input), pageOptions(input));
}
