import type { NamespaceContext } from "../../engine/context.ts";
import { getObject } from "./get-object.ts";
import { createObjectStore } from "./create-object-store.ts";

/**
 * Deletes an object by its id or key. Throws `not_found`. A batch that names it goes on without
 * it, and the documents that were made from it stay.
 */
export async function deleteObject({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly bucket: string; readonly object: string };
}): Promise<void> {
  const object = await getObject({ ctx, input });
  await createObjectStore(ctx.database).remove(ctx.namespace._id, object.bucket_id, object._id);
}
