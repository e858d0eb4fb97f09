import type { CreateObjectRequest } from "../../contract/object.ts";
import type { ObjectRecord } from "./object-store.ts";
import { getBucket } from "../buckets/get-bucket.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { buildObject, keyTaken } from "./build-object.ts";
import { contentRefusal } from "./content-refusal.ts";
import { createObjectStore } from "./create-object-store.ts";

/**
 * Puts an object into a bucket. Throws `invalid_request` for a URL that no batch would fetch,
 * `not_found` (the bucket) and `name_taken` (the key).
 */
export async function createObject({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly bucket: string; readonly object: CreateObjectRequest };
}): Promise<ObjectRecord> {
  const refusal = contentRefusal(ctx, input.object.content, "content");
  if (refusal !== null) throw refusal;
  const bucket = await getBucket({ ctx, input });
  const object = buildObject(ctx, bucket, input.object);
  const outcome = await createObjectStore(ctx.database).insert(object);
  if (outcome.kind === "duplicate" && outcome.fields.includes("key")) {
    throw keyTaken(object.key, "key");
  }
  return object;
}
