import type { CollectionRecord } from "../../ports/content-stores.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { notFound } from "../../engine/errors.ts";

/** A collection by its id or name. Throws `not_found`. */
export async function getCollection({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly collection: string };
}): Promise<CollectionRecord> {
  const collection = await ctx.stores.collections.find(ctx.namespace._id, input.collection);
  if (collection === null) throw notFound("collection", input.collection);
  return collection;
}
