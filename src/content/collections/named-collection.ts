import type { CollectionRecord } from "../../ports/content-stores.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";

/** The collection that a body names by `collection_id`. Throws `invalid_request` when there is none. */
export async function namedCollection({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly idOrName: string };
}): Promise<CollectionRecord> {
  const collection = await ctx.stores.collections.find(ctx.namespace._id, input.idOrName);
  if (collection !== null) return collection;
  const message = `there is no collection "${input.idOrName}" in this namespace`;
  throw new DomainError("invalid_request", `collection_id: ${message}`, [
    { path: "collection_id", message },
  ]);
}
