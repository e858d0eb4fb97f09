import { createRoute } from "@hono/zod-openapi";
import { SubmissionsAnswer } from "../../contract/submission-target.ts";
import { submitMany } from "../../engine/submissions/submit-many.ts";
import { createRouter, json, jsonBody } from "../router.ts";
import type { SubmissionSchemas } from "../submission-schemas.ts";

/** `POST /v1/submissions`: many submissions in one call. */
export const submissions = ({ SubmissionsRequest, example }: SubmissionSchemas) =>
  createRouter().openapi(
    createRoute({
      method: "post",
      path: "/submissions",
      tags: ["Tasks"],
      operationId: "submitMany",
      summary: "Submit up to 100 tasks, each with its own outcome",
      description: "A submission that is refused does not stop the others: its row says why.",
      request: {
        body: jsonBody(SubmissionsRequest, {
          submissions: [{ submission: example }],
        }),
      },
      responses: {
        200: json(SubmissionsAnswer, "A row for each submission, in order"),
      },
    }),
    async (c) =>
      c.json(await submitMany({ ctx: c.var.inNamespace, input: c.req.valid("json") }), 200),
  );
