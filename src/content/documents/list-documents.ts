import type { DocumentListRequest } from "../../contract/document.ts";
import type { DocumentRow } from "./document-store.ts";
import type { Page } from "../../ports/resource-store.ts";
import { getCollection } from "../collections/get-collection.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { showAssignments } from "../cluster/show-assignments.ts";
import { asList, createdRange, pageOptions } from "../../engine/paging.ts";
import { createDocumentStore } from "./create-document-store.ts";

/**
 * One page of a collection's documents, with their vectors when asked for. Throws `not_found` and
 * `invalid_cursor`.
 */
export async function listDocuments({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: DocumentListRequest & { readonly collection: string };
}): Promise<Page<DocumentRow>> {
  const page = pageOptions(input);
  const collection = await getCollection({ ctx, input });
  const { rows, next } = await createDocumentStore(ctx.database).list(
    ctx.namespace._id,
    {
      collectionId: collection._id,
      objectIds: asList(input.object_id),
      metadata: input.metadata,
      ...createdRange(input.created_at),
    },
    page,
    input.return_vectors ?? false,
  );
  return { rows: await showAssignments({ ctx, documents: rows }), next };
}
