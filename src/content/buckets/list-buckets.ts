import type { ResourceListRequest } from "../../contract/common.ts";
import type { BucketRecord } from "./bucket-store.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { pageOptions, resourceFilter } from "../../engine/paging.ts";
import { createBucketStore } from "./create-bucket-store.ts";

/** One page of the namespace's buckets. Throws `invalid_cursor`. */
export function listBuckets({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: ResourceListRequest;
}): Promise<Page<BucketRecord>> {
  return createBucketStore(ctx.database).list(
    ctx.namespace._id,
    resourceFilter(input),
    pageOptions(input),
  );
}
