import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import { getBucket } from "./get-bucket.ts";

/**
 * Deletes an empty bucket. Throws `not_found`, and `not_empty` while it holds objects: what jobs
 * may still read is only ever deleted by name.
 */
export async function deleteBucket({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly bucket: string };
}): Promise<void> {
  const bucket = await getBucket({ ctx, input });
  if ((await ctx.stores.objects.extent(bucket._id)) !== null) {
    throw new DomainError("not_empty", "Delete the bucket's objects first.");
  }
  await ctx.stores.buckets.remove(ctx.namespace._id, bucket._id);
}
