import type { CollectionRecord } from "./collection-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { notFound } from "../../engine/errors.ts";
import { createCollectionStore } from "./create-collection-store.ts";

/** A collection by its id or name. Throws `not_found`. */
export async function getCollection({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly collection: string };
}): Promise<CollectionRecord> {
  const collection = await createCollectionStore(ctx.database).find(
    ctx.namespace._id,
    input.collection,
  );
  if (collection === null) throw notFound("collection", input.collection);
  return collection;
}
