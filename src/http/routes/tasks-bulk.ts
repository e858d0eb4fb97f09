import { createRoute } from "@hono/zod-openapi";
import { BulkOutcome, BulkRequest } from "../../contract/task.ts";
import { killMany } from "../../engine/tasks/kill-task.ts";
import { retryMany } from "../../engine/tasks/retry-task.ts";
import { requireNamespace } from "../middleware/require-namespace.ts";
import { createRouter, json, jsonBody } from "../router.ts";

/** `/v1/tasks/kill` and `/v1/tasks/retry`: bulk calls on the tasks that match a filter. */
export const tasksBulk = createRouter();

tasksBulk.use("/tasks/*", requireNamespace);

for (const [path, operationId, summary, verb] of [
  ["/tasks/kill", "killTasks", "Kill the tasks that match a filter", killMany],
  ["/tasks/retry", "retryTasks", "Retry the tasks that match a filter", retryMany],
] as const) {
  tasksBulk.openapi(
    createRoute({
      method: "post",
      path,
      tags: ["Tasks"],
      operationId,
      summary,
      description:
        'One page of tasks at a time, oldest first; go on with `next_cursor`. A dry run changes nothing and says what would be done. Needs a filter that narrows, or `"all": true`.',
      request: { body: jsonBody(BulkRequest, { status: "FAILED", dry_run: true }) },
      responses: { 200: json(BulkOutcome, "A row for each matching task") },
    }),
    async (c) => c.json(await verb({ ctx: c.var.inNamespace, input: c.req.valid("json") }), 200),
  );
}
