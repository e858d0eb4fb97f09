import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery } from "../../contract/common.ts";
import { IdOrName } from "../../contract/ids.ts";
import {
  BucketObject,
  type Content,
  CreateObjectRequest,
  type CreateObjectResult,
  CreateObjectsRequest,
  CreateObjectsResponse,
  ObjectListRequest,
} from "../../contract/object.ts";
import type { ObjectContent, ObjectRecord } from "./object-store.ts";
import { createObject } from "./create-object.ts";
import { createObjects, type ObjectItem, type ObjectItemOutcome } from "./create-objects.ts";
import { deleteObject } from "./delete-object.ts";
import { getObject } from "./get-object.ts";
import { listObjects } from "./list-objects.ts";
import { presentPage } from "../../http/present.ts";
import { problems } from "../../http/problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../../http/router.ts";
import { invalidInput } from "../../engine/invalid-input.ts";

const params = z.object({ bucket_id: IdOrName });

/** An object's id or key; a key may be longer than a name. */
const objectParams = params.extend({ object_id: z.string().min(1).max(256) });

/** `/v1/buckets/{bucket_id}/objects`: create one or many, get, list, delete. */
export const objects = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/buckets/{bucket_id}/objects",
      tags: ["Objects"],
      operationId: "createObject",
      summary: "Put an object into a bucket",
      description:
        "The key is unique in the bucket; without one it is the id. A URL is fetched when a batch runs.",
      request: {
        params,
        body: jsonBody(CreateObjectRequest, {
          content: { text: "A waybill travels with the goods." },
        }),
      },
      responses: {
        201: jsonAt(BucketObject, "The object"),
        ...problems("not_found", "name_taken"),
      },
    }),
    async (c) => {
      const input = { bucket: c.req.valid("param").bucket_id, object: c.req.valid("json") };
      const object = await createObject({ ctx: c.var.inNamespace, input });
      return c.json(presentObject(object), 201, {
        Location: `/v1/buckets/${object.bucket_id}/objects/${object._id}`,
      });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/buckets/{bucket_id}/objects/batch",
      tags: ["Objects"],
      operationId: "createObjects",
      summary: "Put many objects into a bucket, each independently",
      description:
        "Up to 1,000. An invalid one does not stop the others: its result says what is wrong.",
      request: {
        params,
        body: jsonBody(CreateObjectsRequest, {
          objects: [{ content: { text: "A waybill travels with the goods." } }],
        }),
      },
      responses: {
        200: json(CreateObjectsResponse, "One result per object, in order"),
        ...problems("not_found"),
      },
    }),
    async (c) => {
      const items = c.req.valid("json").objects.map(parseItem);
      const input = { bucket: c.req.valid("param").bucket_id, items };
      const outcomes = await createObjects({ ctx: c.var.inNamespace, input });
      return c.json({ results: outcomes.map(presentOutcome) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/buckets/{bucket_id}/objects/list",
      tags: ["Objects"],
      operationId: "listObjects",
      summary: "List a bucket's objects",
      description: "Newest first, with their contents.",
      request: {
        params,
        query: PageQuery,
        body: optionalJsonBody(ObjectListRequest, { limit: 20 }),
      },
      responses: { 200: json(pageOf(BucketObject), "A page of objects"), ...problems("not_found") },
    }),
    async (c) => {
      const input = {
        ...c.req.valid("query"),
        ...c.req.valid("json"),
        bucket: c.req.valid("param").bucket_id,
      };
      return c.json(
        presentPage(c, await listObjects({ ctx: c.var.inNamespace, input }), presentObject),
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/buckets/{bucket_id}/objects/{object_id}",
      tags: ["Objects"],
      operationId: "getObject",
      summary: "Get an object by its id or key",
      description: "By id or key.",
      request: { params: objectParams },
      responses: { 200: json(BucketObject, "The object"), ...problems("not_found") },
    }),
    async (c) => {
      const { bucket_id: bucket, object_id: object } = c.req.valid("param");
      const found = await getObject({ ctx: c.var.inNamespace, input: { bucket, object } });
      return c.json(presentObject(found), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/buckets/{bucket_id}/objects/{object_id}",
      tags: ["Objects"],
      operationId: "deleteObject",
      summary: "Delete an object by its id or key",
      description: "Documents created from it are kept.",
      request: { params: objectParams },
      responses: { 204: { description: "Deleted" }, ...problems("not_found") },
    }),
    async (c) => {
      const { bucket_id: bucket, object_id: object } = c.req.valid("param");
      await deleteObject({ ctx: c.var.inNamespace, input: { bucket, object } });
      return c.body(null, 204);
    },
  );

/** One item, checked by itself; its errors say where in the whole request they are. */
function parseItem(item: unknown, index: number): ObjectItem {
  const parsed = CreateObjectRequest.safeParse(item);
  if (parsed.success) return { kind: "valid", index, object: parsed.data };
  const issues = parsed.error.issues.map((issue) =>
    Object.assign(issue, { path: ["objects", index, ...issue.path] }),
  );
  return { kind: "invalid", index, error: invalidInput(issues) };
}

function presentOutcome(outcome: ObjectItemOutcome): CreateObjectResult {
  const { index } = outcome;
  if (outcome.kind === "created") return { index, object_id: outcome.objectId };
  const { code, message, fields } = outcome.error;
  return { index, error: { code, detail: message, errors: [...fields] } };
}

function presentObject(object: ObjectRecord): BucketObject {
  return {
    object_id: object._id,
    namespace_id: object.namespace_id,
    bucket_id: object.bucket_id,
    key: object.key,
    status: "ACTIVE",
    content: presentContent(object.content),
    metadata: object.metadata,
    created_at: object.created_at.toISOString(),
    updated_at: object.updated_at.toISOString(),
  };
}

function presentContent(content: ObjectContent): Content {
  if (content.kind === "text") return { text: content.text };
  if (content.kind === "url") return { url: content.url };
  return { json: content.json };
}
