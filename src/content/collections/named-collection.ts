import type { CollectionRecord } from "./collection-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import { createCollectionStore } from "./create-collection-store.ts";

/** The collection that a body names by `collection_id`. Throws `invalid_request` when there is none. */
export async function namedCollection({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly idOrName: string };
}): Promise<CollectionRecord> {
  const collection = await createCollectionStore(ctx.database).find(
    ctx.namespace._id,
    input.idOrName,
  );
  if (collection !== null) return collection;
  const message = `there is no collection "${input.idOrName}" in this namespace`;
  throw new DomainError("invalid_request", `collection_id: ${message}`, [
    { path: "collection_id", message },
  ]);
}
