import type { ObjectRecord } from "./object-store.ts";
import { getBucket } from "../buckets/get-bucket.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { notFound } from "../../engine/errors.ts";
import { createObjectStore } from "./create-object-store.ts";

/** An object of a bucket by its id or key. Throws `not_found`. */
export async function getObject({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly bucket: string; readonly object: string };
}): Promise<ObjectRecord> {
  const bucket = await getBucket({ ctx, input });
  const object = await createObjectStore(ctx.database).find(
    ctx.namespace._id,
    bucket._id,
    input.object,
  );
  if (object === null) throw notFound("object", input.object);
  return object;
}
