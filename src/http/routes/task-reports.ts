import { createRoute } from "@hono/zod-openapi";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import { TaskReport } from "../../contract/external-task.ts";
import { Task } from "../../contract/task.ts";
import { authenticateReport } from "../../engine/executors/authenticate-report.ts";
import { presentTask } from "../../engine/tasks/present-task.ts";
import { reportTask } from "../../engine/executors/report-task.ts";
import type { AppEnv } from "../app-env.ts";
import { readJson } from "../middleware/json-body.ts";
import { problems } from "../problem-responses.ts";
import { createRouter, json, optionalJsonBody } from "../router.ts";

/** `PATCH /v1/tasks/{task_id}`: an executor's report, with the task's own token instead of a key. */
export const taskReports = createRouter();

const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  const input = {
    taskId: c.req.param("task_id") ?? "",
    authorization: c.req.header("Authorization"),
  };
  c.set("reporter", await authenticateReport({ ctx: c.get("services"), input }));
  await next();
});

taskReports.openapi(
  createRoute({
    method: "patch",
    path: "/tasks/{task_id}",
    tags: ["Executors"],
    operationId: "reportTask",
    summary: "Report on a task, as its executor; an empty report is a heartbeat",
    description:
      "Uses the token that came with the job instead of a key. A `cancel` in the response asks the executor to stop.",
    middleware: [authenticate, readJson] as const,
    request: {
      params: z.object({ task_id: z.string() }),
      body: optionalJsonBody(TaskReport, {
        status: "IN_PROGRESS",
        progress: { completed: 3, total: 10 },
      }),
    },
    responses: {
      200: json(Task, "The task; a cancel in it asks the executor to stop"),
      ...problems("unauthenticated", "not_found", "report_superseded"),
    },
  }),
  async (c) => {
    const input = { reporter: c.var.reporter, report: c.req.valid("json") };
    return c.json(presentTask(await reportTask({ ctx: c.var.services, input })), 200);
  },
);
