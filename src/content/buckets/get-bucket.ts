import type { BucketRecord } from "./bucket-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { notFound } from "../../engine/errors.ts";
import { createBucketStore } from "./create-bucket-store.ts";

/** A bucket by its id or name. Throws `not_found`. */
export async function getBucket({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly bucket: string };
}): Promise<BucketRecord> {
  const bucket = await createBucketStore(ctx.database).find(ctx.namespace._id, input.bucket);
  if (bucket === null) throw notFound("bucket", input.bucket);
  return bucket;
}
