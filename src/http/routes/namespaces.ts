import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery, ResourceListRequest } from "../../contract/common.ts";
import { IdOrName } from "../../contract/ids.ts";
import { CreateNamespaceRequest, Namespace } from "../../contract/namespace.ts";
import type { NamespaceRecord } from "../../ports/namespace-store.ts";
import { createNamespace } from "../../engine/tenants/create-namespace.ts";
import { deleteNamespace } from "../../engine/tenants/delete-namespace.ts";
import { getNamespace, listNamespaces } from "../../engine/tenants/read-namespaces.ts";
import { presentPage } from "../present.ts";
import { problems } from "../problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../router.ts";

const params = z.object({ namespace_id: IdOrName });

/**
 * `/v1/namespaces`: create and delete for the administrator; get and list those that a key can
 * access.
 */
export const namespaces = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/namespaces",
      tags: ["Namespaces"],
      operationId: "createNamespace",
      summary: "Create a namespace",
      description: "For the administrator. The name is unique in the deployment.",
      request: { body: jsonBody(CreateNamespaceRequest, { name: "demo" }) },
      responses: {
        201: jsonAt(Namespace, "The namespace"),
        ...problems("forbidden", "name_taken"),
      },
    }),
    async (c) => {
      const namespace = await createNamespace({ ctx: c.var.caller, input: c.req.valid("json") });
      return c.json(presentNamespace(namespace), 201, {
        Location: `/v1/namespaces/${namespace._id}`,
      });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/namespaces/list",
      tags: ["Namespaces"],
      operationId: "listNamespaces",
      summary: "List the namespaces that the key can access",
      description: "The administrator sees all of them, other keys their own.",
      request: { query: PageQuery, body: optionalJsonBody(ResourceListRequest, { limit: 20 }) },
      responses: { 200: json(pageOf(Namespace), "A page of namespaces") },
    }),
    async (c) => {
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      return c.json(
        presentPage(c, await listNamespaces({ ctx: c.var.caller, input }), presentNamespace),
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/namespaces/{namespace_id}",
      tags: ["Namespaces"],
      operationId: "getNamespace",
      summary: "Get a namespace",
      description: "By id or name. A namespace that the key can't access is not found.",
      request: { params },
      responses: { 200: json(Namespace, "The namespace"), ...problems("not_found") },
    }),
    async (c) => {
      const input = { namespace: c.req.valid("param").namespace_id };
      return c.json(presentNamespace(await getNamespace({ ctx: c.var.caller, input })), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/namespaces/{namespace_id}",
      tags: ["Namespaces"],
      operationId: "deleteNamespace",
      summary: "Delete an empty namespace",
      description:
        "For the administrator. Its buckets, collections and webhooks must be deleted and its tasks ended. A migration's unverified target is deleted with everything in it, unless the migration is running.",
      request: { params },
      responses: {
        204: { description: "Deleted" },
        ...problems("forbidden", "not_found", "not_empty", "resource_in_use"),
      },
    }),
    async (c) => {
      const input = { namespace: c.req.valid("param").namespace_id };
      await deleteNamespace({ ctx: c.var.caller, input });
      return c.body(null, 204);
    },
  );

function presentNamespace(namespace: NamespaceRecord): Namespace {
  return {
    namespace_id: namespace._id,
    name: namespace.name,
    status: namespace.status,
    metadata: namespace.metadata,
    created_at: namespace.created_at.toISOString(),
    updated_at: namespace.updated_at.toISOString(),
  };
}
