import { createRoute } from "@hono/zod-openapi";
import { BulkOutcome, BulkRequest } from "../contract/task.ts";
import { killMany } from "../services/tasks/kill-many.ts";
import { retryMany } from "../services/tasks/retry-many.ts";
import { requireNamespace } from "./middleware/require-namespace.ts";
import { createRouter, json, jsonBody, problems } from "./router.ts";

/** `/v1/tasks/kill` and `/v1/tasks/retry`: a verb over all that a filter meets. */
export const tasksBulk = createRouter();

tasksBulk.use("/tasks/*", requireNamespace);

for (const [path, summary, verb] of [
  ["/tasks/kill", "Kill the tasks that a filter meets", killMany],
  ["/tasks/retry", "Retry the tasks that a filter meets", retryMany],
] as const) {
  tasksBulk.openapi(
    createRoute({
      method: "post",
      path,
      tags: ["Tasks"],
      summary,
      request: { body: jsonBody(BulkRequest) },
      responses: { 200: json(BulkOutcome, "A row for each task met"), ...problems(404, 503) },
    }),
    async (c) => c.json(await verb({ ctx: c.var.inNamespace, input: c.req.valid("json") }), 200),
  );
}
