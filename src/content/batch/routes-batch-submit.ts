import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { IdOrName } from "../../contract/ids.ts";
import { SubmissionOptions } from "../../contract/submission.ts";
import { Task } from "../../contract/task.ts";
import { submitBatch } from "./submit-batch.ts";
import { problems } from "../../http/problem-responses.ts";
import { createRouter, jsonAt, optionalJsonBody } from "../../http/router.ts";
import { answerSubmission, SubmissionHeaders } from "../../http/submission.ts";

/** `POST /v1/buckets/{bucket_id}/batches/{batch_id}/submit`. */
export const batchSubmit = createRouter().openapi(
  createRoute({
    method: "post",
    path: "/buckets/{bucket_id}/batches/{batch_id}/submit",
    tags: ["Batches"],
    operationId: "submitBatch",
    summary: "Submit a batch; repeating the call returns the same task",
    description: "The task is stored before this call returns, and will reach a terminal status.",
    request: {
      params: z.object({ bucket_id: IdOrName, batch_id: IdOrName }),
      headers: SubmissionHeaders,
      body: optionalJsonBody(SubmissionOptions, { priority: "high", tags: ["nightly"] }),
    },
    responses: {
      202: jsonAt(Task, "The task"),
      ...problems("not_found", "not_a_draft", "parent_canceled", "idempotency_key_reused"),
    },
  }),
  (c) =>
    answerSubmission(c, c.req.valid("header"), {
      make: (ctx, keyed) => {
        const { bucket_id: bucket, batch_id: batch } = c.req.valid("param");
        return submitBatch({ ctx, input: { bucket, batch, options: c.req.valid("json"), keyed } });
      },
    }),
);
