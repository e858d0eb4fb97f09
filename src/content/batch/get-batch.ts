import type { BatchRecord } from "./batch-store.ts";
import { getBucket } from "../buckets/get-bucket.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { notFound } from "../../engine/errors.ts";
import { createBatchStore } from "./create-batch-store.ts";

/** A batch of a bucket by its id. Throws `not_found`. */
export async function getBatch({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly bucket: string; readonly batch: string };
}): Promise<BatchRecord> {
  const bucket = await getBucket({ ctx, input });
  const batch = await createBatchStore(ctx.database).find(
    ctx.namespace._id,
    bucket._id,
    input.batch,
  );
  if (batch === null) throw notFound("batch", input.batch);
  return batch;
}
