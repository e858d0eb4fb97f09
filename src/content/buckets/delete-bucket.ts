import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import { getBucket } from "./get-bucket.ts";
import { createObjectStore } from "../objects/create-object-store.ts";
import { createBucketStore } from "./create-bucket-store.ts";

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
  if ((await createObjectStore(ctx.database).extent(bucket._id)) !== null) {
    throw new DomainError("not_empty", "Delete the bucket's objects first.");
  }
  await createBucketStore(ctx.database).remove(ctx.namespace._id, bucket._id);
}
