import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import { createBatchStore } from "../batch/create-batch-store.ts";
import { createDocumentStore } from "../documents/create-document-store.ts";
import { createCollectionStore } from "./create-collection-store.ts";
import { getCollection } from "./get-collection.ts";

/**
 * Deletes a collection with its documents. Throws `not_found`, and `resource_in_use` while a batch
 * writes to it.
 *
 * Documents go first, so that after a crash the collection is still there to be deleted again. A
 * batch that is submitted between the look and the deletion is not held back by it: its job finds
 * no collection when it starts.
 */
export async function deleteCollection({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly collection: string };
}): Promise<void> {
  const { database } = ctx;
  const collection = await getCollection({ ctx, input });
  const writer = await createBatchStore(database).unfinishedInto(ctx.namespace._id, collection._id);
  if (writer !== null) {
    throw new DomainError(
      "resource_in_use",
      `The batch "${writer}" writes to the collection. Wait until it has ended, or kill its task.`,
    );
  }
  await createDocumentStore(database).removeAll(ctx.namespace._id, collection._id);
  await createCollectionStore(database).remove(ctx.namespace._id, collection._id);
}
