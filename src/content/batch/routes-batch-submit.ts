import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { IdOrName } from "../../contract/ids.ts";
import { SubmissionOptions } from "../../contract/submission.ts";
import { Task } from "../../contract/task.ts";
import { submitBatch } from "./submit-batch.ts";
import { presentTask } from "../../engine/tasks/present-task.ts";
import { problems } from "../../http/problem-responses.ts";
import { createRouter, jsonAt, optionalJsonBody } from "../../http/router.ts";
import { idempotencySlotOf, SubmissionHeaders } from "../../http/submission.ts";

/** `POST /v1/buckets/{bucket_id}/batches/{batch_id}/submit`. */
export const batchSubmit = createRouter().openapi(
  createRoute({
    method: "post",
    path: "/buckets/{bucket_id}/batches/{batch_id}/submit",
    tags: ["Batches"],
    operationId: "submitBatch",
    summary: "Submit a batch; again answers the same task",
    description: "The task is stored before this answers, and will reach a terminal status.",
    request: {
      params: z.object({ bucket_id: IdOrName, batch_id: IdOrName }),
      headers: SubmissionHeaders,
      body: optionalJsonBody(SubmissionOptions, { priority: "high", tags: ["nightly"] }),
    },
    responses: {
      202: jsonAt(Task, "The task"),
      ...problems("not_found", "not_a_draft", "idempotency_key_reused"),
    },
  }),
  async (c) => {
    const { bucket_id, batch_id } = c.req.valid("param");
    const input = {
      bucket: bucket_id,
      batch: batch_id,
      options: c.req.valid("json"),
      idempotencySlot: idempotencySlotOf(c.req.valid("header")),
    };
    const task = await submitBatch({ ctx: c.var.inNamespace, input });
    return c.json(presentTask(task), 202, { Location: `/v1/tasks/${task._id}` });
  },
);
