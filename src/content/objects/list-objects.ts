import type { ObjectListRequest } from "../../contract/object.ts";
import type { ObjectRecord } from "./object-store.ts";
import type { Page } from "../../ports/resource-store.ts";
import { getBucket } from "../buckets/get-bucket.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { asList, createdRange, pageOptions } from "../../engine/paging.ts";
import { createObjectStore } from "./create-object-store.ts";

/** One page of a bucket's objects. Throws `not_found` and `invalid_cursor`. */
export async function listObjects({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: ObjectListRequest & { readonly bucket: string };
}): Promise<Page<ObjectRecord>> {
  const page = pageOptions(input);
  const bucket = await getBucket({ ctx, input });
  return createObjectStore(ctx.database).list(
    ctx.namespace._id,
    {
      parentId: bucket._id,
      names: asList(input.key),
      ...createdRange(input.created_at),
      metadata: input.metadata,
    },
    page,
  );
}
