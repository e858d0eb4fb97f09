import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { Batch, BatchListRequest, CreateBatchRequest } from "../../contract/batch.ts";
import { pageOf, PageQuery } from "../../contract/common.ts";
import { IdOrName } from "../../contract/ids.ts";
import type { BatchRecord } from "./batch-store.ts";
import { createBatch } from "./create-batch.ts";
import { deleteBatch } from "./delete-batch.ts";
import { getBatch } from "./get-batch.ts";
import { listBatches } from "./list-batches.ts";
import { presentPage } from "../../http/present.ts";
import { problems } from "../../http/problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../../http/router.ts";

const params = z.object({ bucket_id: IdOrName });

const batchParams = params.extend({ batch_id: IdOrName });

/** `/v1/buckets/{bucket_id}/batches`: create, get, list, delete. */
export const batches = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/buckets/{bucket_id}/batches",
      tags: ["Batches"],
      operationId: "createBatch",
      summary: "Create a batch, a DRAFT until it is submitted",
      description: "The objects must exist. Nothing runs before the batch is submitted.",
      request: {
        params,
        body: jsonBody(CreateBatchRequest, { all: true, collection_id: "passages" }),
      },
      responses: { 201: jsonAt(Batch, "The batch"), ...problems("not_found") },
    }),
    async (c) => {
      const input = { bucket: c.req.valid("param").bucket_id, batch: c.req.valid("json") };
      const batch = await createBatch({ ctx: c.var.inNamespace, input });
      return c.json(presentBatch(batch), 201, {
        Location: `/v1/buckets/${batch.bucket_id}/batches/${batch._id}`,
      });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/buckets/{bucket_id}/batches/list",
      tags: ["Batches"],
      operationId: "listBatches",
      summary: "List a bucket's batches",
      description: "Newest first.",
      request: {
        params,
        query: PageQuery,
        body: optionalJsonBody(BatchListRequest, { status: ["DRAFT", "FAILED"] }),
      },
      responses: { 200: json(pageOf(Batch), "A page of batches"), ...problems("not_found") },
    }),
    async (c) => {
      const input = {
        ...c.req.valid("query"),
        ...c.req.valid("json"),
        bucket: c.req.valid("param").bucket_id,
      };
      return c.json(
        presentPage(c, await listBatches({ ctx: c.var.inNamespace, input }), presentBatch),
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/buckets/{bucket_id}/batches/{batch_id}",
      tags: ["Batches"],
      operationId: "getBatch",
      summary: "Get a batch, with its task's status",
      description:
        "Its `status`, `task_id` and `error_message` are its task's, so either can be polled.",
      request: { params: batchParams },
      responses: { 200: json(Batch, "The batch"), ...problems("not_found") },
    }),
    async (c) => {
      const { bucket_id: bucket, batch_id: batch } = c.req.valid("param");
      const found = await getBatch({ ctx: c.var.inNamespace, input: { bucket, batch } });
      return c.json(presentBatch(found), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/buckets/{bucket_id}/batches/{batch_id}",
      tags: ["Batches"],
      operationId: "deleteBatch",
      summary: "Delete a batch that is a draft or has ended",
      description: "Its documents and its task are kept.",
      request: { params: batchParams },
      responses: { 204: { description: "Deleted" }, ...problems("not_found", "resource_in_use") },
    }),
    async (c) => {
      const { bucket_id: bucket, batch_id: batch } = c.req.valid("param");
      await deleteBatch({ ctx: c.var.inNamespace, input: { bucket, batch } });
      return c.body(null, 204);
    },
  );

function presentBatch(batch: BatchRecord): Batch {
  return {
    batch_id: batch._id,
    namespace_id: batch.namespace_id,
    bucket_id: batch.bucket_id,
    collection_id: batch.collection_id,
    object_ids: batch.object_ids === null ? null : [...batch.object_ids],
    options: batch.options,
    metadata: batch.metadata,
    status: batch.status,
    task_id: batch.task_id,
    error_message: batch.error_message,
    created_at: batch.created_at.toISOString(),
    updated_at: batch.updated_at.toISOString(),
  };
}
