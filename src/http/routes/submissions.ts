import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { SubmissionsAnswer } from "../../contract/submission-target.ts";
import { submitMany } from "../../engine/submissions/submit-many.ts";
import { createRouter, json, jsonBody } from "../router.ts";
import { keyedRows } from "../submission.ts";
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
      description: "A refused submission does not stop the others: its row says why.",
      request: {
        body: jsonBody(SubmissionsRequest, {
          submissions: [{ submission: example }],
        }),
      },
      responses: {
        200: json(SubmissionsAnswer, "A row for each submission, in order"),
      },
    }),
    async (c) => {
      const rows = c.req.valid("json").submissions;
      const keys = rows.map((row) => row.idempotency_key);
      const keyed = await keyedRows(c, keys, sentRow);
      const input = {
        submissions: rows.map(({ submission }, index) => ({
          submission,
          keyed: keyed[index] ?? null,
        })),
      };
      return c.json(await submitMany({ ctx: c.var.inNamespace, input }), 200);
    },
  );

const SentRows = z.object({ submissions: z.array(z.object({ submission: z.unknown() })) });

/** What a row submits, as it was sent. */
function sentRow(body: unknown, index: number): unknown {
  return SentRows.parse(body).submissions[index]?.submission;
}
