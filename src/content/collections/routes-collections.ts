import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { Collection, CreateCollectionRequest } from "../../contract/collection.ts";
import { pageOf, PageQuery, ResourceListRequest } from "../../contract/common.ts";
import { IdOrName } from "../../contract/ids.ts";
import type { CollectionRecord } from "./collection-store.ts";
import { createCollection } from "./create-collection.ts";
import { deleteCollection } from "./delete-collection.ts";
import { getCollection } from "./get-collection.ts";
import { listCollections } from "./list-collections.ts";
import { presentSchema } from "./present-schema.ts";
import { presentPage } from "../../http/present.ts";
import { problems } from "../../http/problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../../http/router.ts";

const params = z.object({ collection_id: IdOrName });

/** `/v1/collections`: create, get, list, delete. */
export const collections = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/collections",
      tags: ["Collections"],
      operationId: "createCollection",
      summary: "Create a collection",
      description: "The name is unique in the namespace.",
      request: { body: jsonBody(CreateCollectionRequest, { name: "passages" }) },
      responses: { 201: jsonAt(Collection, "The collection"), ...problems("name_taken") },
    }),
    async (c) => {
      const input = c.req.valid("json");
      const collection = await createCollection({ ctx: c.var.inNamespace, input });
      return c.json(presentCollection(collection), 201, {
        Location: `/v1/collections/${collection._id}`,
      });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/collections/list",
      tags: ["Collections"],
      operationId: "listCollections",
      summary: "List collections",
      description: "Newest first.",
      request: { query: PageQuery, body: optionalJsonBody(ResourceListRequest, { limit: 20 }) },
      responses: { 200: json(pageOf(Collection), "A page of collections") },
    }),
    async (c) => {
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      return c.json(
        presentPage(c, await listCollections({ ctx: c.var.inNamespace, input }), presentCollection),
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/collections/{collection_id}",
      tags: ["Collections"],
      operationId: "getCollection",
      summary: "Get a collection",
      description: "By id or name.",
      request: { params },
      responses: { 200: json(Collection, "The collection"), ...problems("not_found") },
    }),
    async (c) => {
      const input = { collection: c.req.valid("param").collection_id };
      const collection = await getCollection({ ctx: c.var.inNamespace, input });
      return c.json(presentCollection(collection), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/collections/{collection_id}",
      tags: ["Collections"],
      operationId: "deleteCollection",
      summary: "Delete a collection with its documents",
      description: "No batch may be writing to it.",
      request: { params },
      responses: { 204: { description: "Deleted" }, ...problems("not_found", "resource_in_use") },
    }),
    async (c) => {
      const input = { collection: c.req.valid("param").collection_id };
      await deleteCollection({ ctx: c.var.inNamespace, input });
      return c.body(null, 204);
    },
  );

function presentCollection(collection: CollectionRecord): Collection {
  return {
    collection_id: collection._id,
    namespace_id: collection.namespace_id,
    name: collection.name,
    status: collection.status,
    embedder: collection.embedder,
    schema: presentSchema(collection),
    metadata: collection.metadata,
    created_at: collection.created_at.toISOString(),
    updated_at: collection.updated_at.toISOString(),
  };
}
