import type { DocumentRecord } from "./document-store.ts";
import { showAssignments } from "../cluster/show-assignments.ts";
import { getCollection } from "../collections/get-collection.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { notFound } from "../../engine/errors.ts";
import { createDocumentStore } from "./create-document-store.ts";

/** A document of a collection by its id. Throws `not_found`. */
export async function getDocument({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly collection: string; readonly document: string };
}): Promise<DocumentRecord> {
  const collection = await getCollection({ ctx, input });
  const document = await createDocumentStore(ctx.database).find(
    ctx.namespace._id,
    collection._id,
    input.document,
  );
  if (document === null) throw notFound("document", input.document);
  const [shown] = await showAssignments({ ctx, documents: [document] });
  return shown ?? document;
}
