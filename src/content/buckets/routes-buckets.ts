import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { Bucket, CreateBucketRequest } from "../../contract/bucket.ts";
import { pageOf, PageQuery, ResourceListRequest } from "../../contract/common.ts";
import { IdOrName } from "../../contract/ids.ts";
import type { BucketRecord } from "./bucket-store.ts";
import { createBucket } from "./create-bucket.ts";
import { deleteBucket } from "./delete-bucket.ts";
import { getBucket } from "./get-bucket.ts";
import { listBuckets } from "./list-buckets.ts";
import { presentPage } from "../../http/present.ts";
import { problems } from "../../http/problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../../http/router.ts";

const params = z.object({ bucket_id: IdOrName });

/** `/v1/buckets`: create, get, list, delete. */
export const buckets = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/buckets",
      tags: ["Buckets"],
      operationId: "createBucket",
      summary: "Create a bucket",
      description: "The name is unique in the namespace.",
      request: {
        body: jsonBody(CreateBucketRequest, { name: "letters", metadata: { year: 1863 } }),
      },
      responses: { 201: jsonAt(Bucket, "The bucket"), ...problems("name_taken") },
    }),
    async (c) => {
      const bucket = await createBucket({ ctx: c.var.inNamespace, input: c.req.valid("json") });
      return c.json(presentBucket(bucket), 201, { Location: `/v1/buckets/${bucket._id}` });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/buckets/list",
      tags: ["Buckets"],
      operationId: "listBuckets",
      summary: "List buckets",
      description: "Newest first.",
      request: { query: PageQuery, body: optionalJsonBody(ResourceListRequest, { limit: 20 }) },
      responses: { 200: json(pageOf(Bucket), "A page of buckets") },
    }),
    async (c) => {
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      return c.json(
        presentPage(c, await listBuckets({ ctx: c.var.inNamespace, input }), presentBucket),
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/buckets/{bucket_id}",
      tags: ["Buckets"],
      operationId: "getBucket",
      summary: "Get a bucket",
      description: "By id or name.",
      request: { params },
      responses: { 200: json(Bucket, "The bucket"), ...problems("not_found") },
    }),
    async (c) => {
      const input = { bucket: c.req.valid("param").bucket_id };
      return c.json(presentBucket(await getBucket({ ctx: c.var.inNamespace, input })), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/buckets/{bucket_id}",
      tags: ["Buckets"],
      operationId: "deleteBucket",
      summary: "Delete an empty bucket",
      description: "Its objects must be deleted first.",
      request: { params },
      responses: { 204: { description: "Deleted" }, ...problems("not_found", "not_empty") },
    }),
    async (c) => {
      await deleteBucket({
        ctx: c.var.inNamespace,
        input: { bucket: c.req.valid("param").bucket_id },
      });
      return c.body(null, 204);
    },
  );

function presentBucket(bucket: BucketRecord): Bucket {
  return {
    bucket_id: bucket._id,
    namespace_id: bucket.namespace_id,
    name: bucket.name,
    status: bucket.status,
    metadata: bucket.metadata,
    created_at: bucket.created_at.toISOString(),
    updated_at: bucket.updated_at.toISOString(),
  };
}
