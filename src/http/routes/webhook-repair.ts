import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { Delivery, TestWebhookRequest } from "../../contract/delivery.ts";
import { IdOrName } from "../../contract/ids.ts";
import { ReplayOutcome, ReplayRequest } from "../../contract/replay.ts";
import { presentDelivery } from "../../engine/webhooks/deliveries/present-delivery.ts";
import { replayEndpoint } from "../../engine/webhooks/deliveries/replay-endpoint.ts";
import { testEndpoint } from "../../engine/webhooks/deliveries/test-endpoint.ts";
import { problems } from "../problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../router.ts";
import { SubmissionHeaders } from "../submission.ts";

const params = z.object({ webhook_id: IdOrName });

/**
 * `/v1/webhooks/{webhook_id}/replay` and `…/test`: replays what an endpoint missed, and tests
 * whether it responds.
 */
export const webhookRepair = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/webhooks/{webhook_id}/replay",
      tags: ["Webhooks"],
      operationId: "replayWebhook",
      summary: "Replay past events to an endpoint",
      description:
        "The events without a delivery, its dead letters, or all. One page of the event log at a time; continue with `next_cursor`. A call repeated with its `Idempotency-Key` sends nothing twice. A dry run only counts.",
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
        200: json(ReplayOutcome, "How many deliveries were created, reopened and left alone"),
        ...problems("not_found", "invalid_cursor", "webhook_not_active", "webhook_has_no_url"),
      },
    }),
    async (c) => {
      const input = {
        ...c.req.valid("json"),
        webhookId: c.req.valid("param").webhook_id,
        key: c.req.valid("header")["idempotency-key"] ?? null,
      };
      return c.json(await replayEndpoint({ ctx: c.var.inNamespace, input }), 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/webhooks/{webhook_id}/test",
      tags: ["Webhooks"],
      operationId: "testWebhook",
      summary: "Send an example to an endpoint",
      description:
        'The example of its type, as `GET /v1/event-types/{event_type}` has it, signed and logged as every event, with `"test": true` in its `data`; one attempt, whatever the endpoint\'s status. `GET /v1/deliveries/{delivery_id}` says what it answered.',
      request: {
        params,
        body: optionalJsonBody(TestWebhookRequest, { type: "task.completed" }),
      },
      responses: {
        202: jsonAt(Delivery, "The test delivery, queued"),
        ...problems("not_found", "webhook_has_no_url"),
      },
    }),
    async (c) => {
      const input = { ...c.req.valid("json"), webhookId: c.req.valid("param").webhook_id };
      const delivery = await testEndpoint({ ctx: c.var.inNamespace, input });
      return c.json(presentDelivery(delivery), 202, { Location: `/v1/deliveries/${delivery._id}` });
    },
  );
