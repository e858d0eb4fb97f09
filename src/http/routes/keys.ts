import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery } from "../../contract/common.ts";
import { IdOrName } from "../../contract/ids.ts";
import { CreatedKey, CreateKeyRequest, Key, KeyListRequest } from "../../contract/key.ts";
import type { KeyRecord } from "../../ports/key-store.ts";
import { createKey } from "../../engine/tenants/create-key.ts";
import { deleteKey } from "../../engine/tenants/delete-key.ts";
import { getKey, listKeys } from "../../engine/tenants/read-keys.ts";
import { presentPage } from "../present.ts";
import { problems } from "../problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../router.ts";

const params = z.object({ key_id: IdOrName });

/** `/v1/keys`: create, get, list, revoke; all for the administrator. */
export const keys = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/keys",
      tags: ["Keys"],
      operationId: "createKey",
      summary: "Create an API key, shown only in this response",
      description:
        "For the administrator. The key is shown only in this response; only its hash is stored.",
      request: {
        body: jsonBody(CreateKeyRequest, { name: "nightly import", namespaces: ["demo"] }),
      },
      responses: { 201: jsonAt(CreatedKey, "The key"), ...problems("forbidden") },
    }),
    async (c) => {
      const { key, secret } = await createKey({ ctx: c.var.caller, input: c.req.valid("json") });
      return c.json({ ...presentKey(key), key: secret }, 201, {
        Location: `/v1/keys/${key._id}`,
        "Cache-Control": "no-store",
      });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/keys/list",
      tags: ["Keys"],
      operationId: "listKeys",
      summary: "List API keys",
      description: "For the administrator. Without the keys themselves.",
      request: { query: PageQuery, body: optionalJsonBody(KeyListRequest, { limit: 20 }) },
      responses: { 200: json(pageOf(Key), "A page of keys"), ...problems("forbidden") },
    }),
    async (c) => {
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      return c.json(presentPage(c, await listKeys({ ctx: c.var.caller, input }), presentKey), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/keys/{key_id}",
      tags: ["Keys"],
      operationId: "getKey",
      summary: "Get an API key's record",
      description: "For the administrator. Without the key itself.",
      request: { params },
      responses: { 200: json(Key, "The key's record"), ...problems("forbidden", "not_found") },
    }),
    async (c) => {
      const input = { key: c.req.valid("param").key_id };
      return c.json(presentKey(await getKey({ ctx: c.var.caller, input })), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/keys/{key_id}",
      tags: ["Keys"],
      operationId: "deleteKey",
      summary: "Revoke an API key",
      description: "For the administrator. Within a minute the key is refused everywhere.",
      request: { params },
      responses: { 204: { description: "Revoked" }, ...problems("forbidden", "not_found") },
    }),
    async (c) => {
      await deleteKey({ ctx: c.var.caller, input: { key: c.req.valid("param").key_id } });
      return c.body(null, 204);
    },
  );

function presentKey(key: KeyRecord): Key {
  return {
    key_id: key._id,
    name: key.name,
    namespace_ids: [...key.namespace_ids],
    created_at: key.created_at.toISOString(),
    expires_at: key.expires_at?.toISOString() ?? null,
  };
}
