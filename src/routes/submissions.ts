import { createRoute } from "@hono/zod-openapi";
import { SubmissionsAnswer, SubmissionsRequest } from "../contract/submission-target.ts";
import { submitMany } from "../services/submissions/submit-many.ts";
import { createRouter, json, jsonBody, problems } from "./router.ts";

/** `POST /v1/submissions`: many submissions in one call. */
export const submissions = createRouter().openapi(
  createRoute({
    method: "post",
    path: "/submissions",
    tags: ["Tasks"],
    summary: "Submit up to 100 tasks, each with its own outcome",
    request: { body: jsonBody(SubmissionsRequest) },
    responses: {
      200: json(SubmissionsAnswer, "A row for each submission, in order"),
      ...problems(404, 503),
    },
  }),
  async (c) =>
    c.json(await submitMany({ ctx: c.var.inNamespace, input: c.req.valid("json") }), 200),
);
