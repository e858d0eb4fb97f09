import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery } from "../../contract/common.ts";
import { CreateTaskRequest } from "../../contract/external-task.ts";
import { Task } from "../../contract/task.ts";
import {
  CreatedTaskType,
  PutTaskTypeRequest,
  TaskType,
  TaskTypeListRequest,
  TaskTypeName,
} from "../../contract/task-type.ts";
import type { TaskTypeRecord } from "../../ports/task-type-store.ts";
import { deleteTaskType } from "../../engine/executors/delete-task-type.ts";
import { getTaskType, listTaskTypes } from "../../engine/executors/read-task-types.ts";
import { putTaskType } from "../../engine/executors/put-task-type.ts";
import { createTypedTask } from "../../engine/submissions/create-typed-task.ts";
import { presentPage } from "../present.ts";
import { problems } from "../problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../router.ts";
import { answerSubmission, SubmissionHeaders } from "../submission.ts";

const params = z.object({ type: z.string().min(1).max(100) });

/** `/v1/task-types`, and `POST /v1/tasks`: work that the deployer's own executors do. */
export const taskTypes = createRouter()
  .openapi(
    createRoute({
      method: "put",
      path: "/task-types/{type}",
      tags: ["Executors"],
      operationId: "putTaskType",
      summary: "Register or replace a task type",
      description:
        "A PUT of an existing type replaces everything but its secret. The secret is shown only in the first response; it is stored sealed.",
      request: {
        params: z.object({ type: TaskTypeName }),
        body: jsonBody(PutTaskTypeRequest, { executor_url: "https://example.com/jobs" }),
      },
      responses: {
        200: json(TaskType, "The replaced type"),
        201: json(
          CreatedTaskType,
          "The new type and the secret that signs its jobs, which is shown only once",
        ),
      },
    }),
    async (c) => {
      const { record, secret } = await putTaskType({
        ctx: c.var.inNamespace,
        input: { type: c.req.valid("param").type, request: c.req.valid("json") },
      });
      if (secret === null) return c.json(presentTaskType(record), 200);
      return c.json({ ...presentTaskType(record), secret }, 201);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/task-types/list",
      tags: ["Executors"],
      operationId: "listTaskTypes",
      summary: "List task types",
      description: "Newest first.",
      request: { query: PageQuery, body: optionalJsonBody(TaskTypeListRequest, { limit: 20 }) },
      responses: { 200: json(pageOf(TaskType), "A page of types") },
    }),
    async (c) => {
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      const page = await listTaskTypes({ ctx: c.var.inNamespace, input });
      return c.json(presentPage(c, page, presentTaskType), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/task-types/{type}",
      tags: ["Executors"],
      operationId: "getTaskType",
      summary: "Get a task type",
      description: "Without its signing secret.",
      request: { params },
      responses: { 200: json(TaskType, "The type"), ...problems("not_found") },
    }),
    async (c) => {
      const input = c.req.valid("param");
      return c.json(presentTaskType(await getTaskType({ ctx: c.var.inNamespace, input })), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/task-types/{type}",
      tags: ["Executors"],
      operationId: "deleteTaskType",
      summary: "Delete a task type",
      description: "Its tasks must have ended.",
      request: { params },
      responses: { 204: { description: "Deleted" }, ...problems("not_found", "resource_in_use") },
    }),
    async (c) => {
      await deleteTaskType({ ctx: c.var.inNamespace, input: c.req.valid("param") });
      return c.body(null, 204);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/tasks",
      tags: ["Executors"],
      operationId: "createTask",
      summary: "Submit a task of one of this deployment's jobs, or of a registered type",
      description:
        "The input is checked against the type's schema and the task is stored before this call returns. For a registered type, the signed job is posted to its executor.",
      request: {
        headers: SubmissionHeaders,
        body: jsonBody(CreateTaskRequest, {
          task_type: "video.render",
          input: { video_id: "v_1" },
        }),
      },
      responses: {
        202: jsonAt(Task, "The task"),
        ...problems("parent_canceled", "idempotency_key_reused"),
      },
    }),
    (c) =>
      answerSubmission(c, c.req.valid("header"), {
        insertDecides: true,
        make: (ctx, keyed) =>
          createTypedTask({ ctx, input: { request: c.req.valid("json"), keyed } }),
      }),
  );

function presentTaskType(record: TaskTypeRecord): TaskType {
  return {
    type: record.name,
    namespace_id: record.namespace_id,
    executor_url: record.executor_url,
    description: record.description,
    input_schema: record.input_schema === null ? null : JSON.parse(record.input_schema),
    heartbeat_timeout: record.heartbeat_timeout,
    max_attempts: record.max_attempts,
    backoff: record.backoff,
    queue_ttl: record.queue_ttl,
    concurrency: record.concurrency,
    killable: record.killable,
    created_at: record.created_at.toISOString(),
    updated_at: record.updated_at.toISOString(),
  };
}
