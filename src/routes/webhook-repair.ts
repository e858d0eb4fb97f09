import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { IdOrName } from "../contract/ids.ts";
import { ReplayOutcome, ReplayRequest } from "../contract/replay.ts";
import { replayWebhook } from "../services/deliveries/replay-webhook.ts";
import { problems } from "./problem-responses.ts";
import { createRouter, json, jsonBody } from "./router.ts";
import { SubmissionHeaders } from "./submission.ts";

const params = z.object({ webhook_id: IdOrName });

/** `/v1/webhooks/{webhook_id}/replay`: what an endpoint missed. */
export const webhookRepair = createRouter().openapi(
  createRoute({
    method: "post",
    path: "/webhooks/{webhook_id}/replay",
    tags: ["Webhooks"],
    operationId: "replayWebhook",
    summary: "Send an endpoint the events of a time again",
    description:
      "Those that it has no delivery of, those in its dead letters, or all. One page of the event log at a time; go on with `next_cursor`. Repeated with its `Idempotency-Key`, a call sends nothing twice. A dry run counts.",
    request: {
      params,
      headers: SubmissionHeaders,
      body: jsonBody(ReplayRequest, {
        from: "2026-01-31T12:00:00.000Z",
        which: "missing",
        dry_run: true,
      }),
    },
    responses: {
      200: json(ReplayOutcome, "How many deliveries were made, reopened and left"),
      ...problems("not_found", "invalid_cursor", "webhook_not_active"),
    },
  }),
  async (c) => {
    const input = {
      ...c.req.valid("json"),
      webhookId: c.req.valid("param").webhook_id,
      key: c.req.valid("header")["idempotency-key"] ?? null,
    };
    return c.json(await replayWebhook({ ctx: c.var.inNamespace, input }), 200);
  },
);
