import type { NamespaceContext } from "../../engine/context.ts";
import { getDocument } from "./get-document.ts";
import { createDocumentStore } from "./create-document-store.ts";

/** Deletes a document. Throws `not_found`. A batch over its object makes it again. */
export async function deleteDocument({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly collection: string; readonly document: string };
}): Promise<void> {
  const document = await getDocument({ ctx, input });
  await createDocumentStore(ctx.database).remove(
    ctx.namespace._id,
    document.collection_id,
    document._id,
  );
}
