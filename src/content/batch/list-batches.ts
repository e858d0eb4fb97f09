import type { BatchListRequest } from "../../contract/batch.ts";
import type { BatchRecord } from "./batch-store.ts";
import type { Page } from "../../ports/resource-store.ts";
import { getBucket } from "../buckets/get-bucket.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { pageOptions, resourceFilter } from "../../engine/paging.ts";
import { createBatchStore } from "./create-batch-store.ts";

/** One page of a bucket's batches. Throws `not_found` and `invalid_cursor`. */
export async function listBatches({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: BatchListRequest & { readonly bucket: string };
}): Promise<Page<BatchRecord>> {
  const page = pageOptions(input);
  const bucket = await getBucket({ ctx, input });
  return createBatchStore(ctx.database).list(
    ctx.namespace._id,
    { parentId: bucket._id, ...resourceFilter(input) },
    page,
  );
}
