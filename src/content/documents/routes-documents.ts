import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery } from "../../contract/common.ts";
import { CollectionDocument, DocumentListRequest, DocumentQuery } from "../../contract/document.ts";
import { IdOrName } from "../../contract/ids.ts";
import type { DocumentRow } from "./document-store.ts";
import { deleteDocument } from "./delete-document.ts";
import { getDocument } from "./get-document.ts";
import { listDocuments } from "./list-documents.ts";
import { presentPage } from "../../http/present.ts";
import { problems } from "../../http/problem-responses.ts";
import { createRouter, json, optionalJsonBody } from "../../http/router.ts";

const params = z.object({ collection_id: IdOrName });

const documentParams = params.extend({ document_id: IdOrName });

/** `/v1/collections/{collection_id}/documents`: get, list, delete; batches write them. */
export const documents = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/collections/{collection_id}/documents/list",
      tags: ["Documents"],
      operationId: "listDocuments",
      summary: "List a collection's documents",
      description: "Newest first; with vectors when `return_vectors` is true.",
      request: {
        params,
        query: PageQuery,
        body: optionalJsonBody(DocumentListRequest, { limit: 20, return_vectors: false }),
      },
      responses: {
        200: json(pageOf(CollectionDocument), "A page of documents"),
        ...problems("not_found"),
      },
    }),
    async (c) => {
      const input = {
        ...c.req.valid("query"),
        ...c.req.valid("json"),
        collection: c.req.valid("param").collection_id,
      };
      return c.json(
        presentPage(c, await listDocuments({ ctx: c.var.inNamespace, input }), presentDocument),
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/collections/{collection_id}/documents/{document_id}",
      tags: ["Documents"],
      operationId: "getDocument",
      summary: "Get a document",
      description: "With its vector when `return_vectors` is true.",
      request: { params: documentParams, query: DocumentQuery },
      responses: { 200: json(CollectionDocument, "The document"), ...problems("not_found") },
    }),
    async (c) => {
      const { collection_id: collection, document_id: document } = c.req.valid("param");
      const input = { collection, document };
      const { embedding, ...rest } = await getDocument({ ctx: c.var.inNamespace, input });
      const withVector = c.req.valid("query").return_vectors === "true";
      return c.json(presentDocument(withVector ? { ...rest, embedding } : rest), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/collections/{collection_id}/documents/{document_id}",
      tags: ["Documents"],
      operationId: "deleteDocument",
      summary: "Delete a document",
      description: "A later batch over the same object writes it again.",
      request: { params: documentParams },
      responses: { 204: { description: "Deleted" }, ...problems("not_found") },
    }),
    async (c) => {
      const { collection_id: collection, document_id: document } = c.req.valid("param");
      await deleteDocument({ ctx: c.var.inNamespace, input: { collection, document } });
      return c.body(null, 204);
    },
  );

function presentDocument(document: DocumentRow): CollectionDocument {
  return {
    document_id: document._id,
    namespace_id: document.namespace_id,
    collection_id: document.collection_id,
    object_id: document.object_id,
    chunk_index: document.chunk_index,
    text: document.text,
    metadata: document.metadata,
    enrichments: document.enrichments,
    ...(document.embedding && { embedding: Array.from(document.embedding) }),
    created_at: document.created_at.toISOString(),
    updated_at: document.updated_at.toISOString(),
  };
}
