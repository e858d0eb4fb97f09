import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery } from "../../contract/common.ts";
import { KillRequest, Task, TaskHistory, TaskListRequest } from "../../contract/task.ts";
import { getTaskHistory } from "../../engine/history/get-task-history.ts";
import { killTask } from "../../engine/tasks/kill-task.ts";
import { listTasks } from "../../engine/tasks/list-tasks.ts";
import { presentTask } from "../../engine/tasks/present-task.ts";
import { retryTask } from "../../engine/tasks/retry-task.ts";
import { requireNamespace } from "../middleware/require-namespace.ts";
import { presentPage } from "../present.ts";
import { problems } from "../problem-responses.ts";
import { createRouter, json, jsonAt, optionalJsonBody } from "../router.ts";
import { addPoll } from "./task-poll.ts";

const params = z.object({ task_id: z.string() });

/** `/v1/tasks`: get, list, kill, retry, history. */
export const tasks = createRouter();

// A list may name its namespaces in the body, so it comes before the header is required.
tasks.openapi(
  createRoute({
    method: "post",
    path: "/tasks/list",
    tags: ["Tasks"],
    operationId: "listTasks",
    summary: "List tasks",
    description:
      "Of the namespace in `X-Namespace`, or of those that `namespace` in the body names. Newest first.",
    request: {
      query: PageQuery,
      body: optionalJsonBody(TaskListRequest, { status: ["PENDING", "PROCESSING"], limit: 20 }),
    },
    responses: {
      200: json(pageOf(Task), "A page of tasks"),
      ...problems("namespace_required", "not_found"),
    },
  }),
  async (c) => {
    const input = {
      ...c.req.valid("query"),
      ...c.req.valid("json"),
      headerNamespace: c.req.header("X-Namespace"),
    };
    return c.json(presentPage(c, await listTasks({ ctx: c.var.caller, input }), presentTask), 200);
  },
);

tasks.use("/tasks/*", requireNamespace);

addPoll(tasks);

for (const [method, path, operationId] of [
  ["post", "/tasks/{task_id}/kill", "killTask"],
  ["delete", "/tasks/{task_id}", "deleteTask"],
] as const) {
  tasks.openapi(
    createRoute({
      method,
      path,
      tags: ["Tasks"],
      operationId,
      summary: "Ask for a task's cancellation",
      description:
        "A PENDING task becomes CANCELED at once. For a running task the request is recorded, and its runner confirms it. Repeating the call returns the same.",
      request: {
        params,
        body: optionalJsonBody(KillRequest, { reason: "superseded by a later import" }),
      },
      responses: {
        202: json(Task, "The task, with its cancel"),
        ...problems("not_found", "task_already_terminal", "task_not_killable"),
      },
    }),
    async (c) => {
      const input = {
        taskId: c.req.valid("param").task_id,
        reason: c.req.valid("json").reason ?? null,
      };
      return c.json(presentTask(await killTask({ ctx: c.var.inNamespace, input })), 202);
    },
  );
}

tasks.openapi(
  createRoute({
    method: "post",
    path: "/tasks/{task_id}/retry",
    tags: ["Tasks"],
    operationId: "retryTask",
    summary:
      "Retry a failed or canceled task, as a new task; repeating the call returns the same one",
    description: "`retry_of` of the new task is the old one.",
    request: { params },
    responses: {
      202: jsonAt(Task, "The new task"),
      ...problems("not_found", "task_not_retryable"),
    },
  }),
  async (c) => {
    const input = { taskId: c.req.valid("param").task_id };
    const task = await retryTask({ ctx: c.var.inNamespace, input });
    return c.json(presentTask(task), 202, { Location: `/v1/tasks/${task._id}` });
  },
);

tasks.openapi(
  createRoute({
    method: "get",
    path: "/tasks/{task_id}/history",
    tags: ["Tasks"],
    operationId: "getTaskHistory",
    summary: "Get a task's audit trail",
    description:
      "Every change of the task with its time, actor, attempt and reason; its events; and their deliveries.",
    request: { params },
    responses: {
      200: json(TaskHistory, "Changes, events and deliveries"),
      ...problems("not_found"),
    },
  }),
  async (c) => {
    const input = { taskId: c.req.valid("param").task_id };
    return c.json(await getTaskHistory({ ctx: c.var.inNamespace, input }), 200);
  },
);
