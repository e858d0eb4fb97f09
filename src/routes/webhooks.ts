import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery } from "../contract/common.ts";
import { IdOrName } from "../contract/ids.ts";
import {
  CreatedWebhook,
  CreateWebhookRequest,
  UpdateWebhookRequest,
  Webhook,
  WebhookListRequest,
} from "../contract/webhook.ts";
import type { WebhookRecord } from "../ports/webhook-store.ts";
import { createWebhook } from "../services/webhooks/create-webhook.ts";
import { deleteWebhook } from "../services/webhooks/delete-webhook.ts";
import { getWebhook } from "../services/webhooks/get-webhook.ts";
import { listWebhooks } from "../services/webhooks/list-webhooks.ts";
import { updateWebhook } from "../services/webhooks/update-webhook.ts";
import { presentPage } from "./present.ts";
import { problems } from "./problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "./router.ts";

const params = z.object({ webhook_id: IdOrName });

/** `/v1/webhooks`: endpoints that events are sent to. */
export const webhooks = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/webhooks",
      tags: ["Webhooks"],
      operationId: "createWebhook",
      summary: "Create a webhook endpoint",
      description:
        "In service at once. The signing secret stands in this answer and nowhere else; it is stored sealed.",
      request: {
        body: jsonBody(CreateWebhookRequest, {
          url: "https://example.com/waybill",
          event_types: ["task.*"],
        }),
      },
      responses: {
        201: jsonAt(CreatedWebhook, "The endpoint, and its signing secret for the only time"),
      },
    }),
    async (c) => {
      const { webhook, secret } = await createWebhook({
        ctx: c.var.inNamespace,
        input: c.req.valid("json"),
      });
      return c.json({ ...presentWebhook(webhook), secret }, 201, {
        Location: `/v1/webhooks/${webhook._id}`,
      });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/webhooks/list",
      tags: ["Webhooks"],
      operationId: "listWebhooks",
      summary: "List webhook endpoints",
      description: "Newest first.",
      request: {
        query: PageQuery,
        body: optionalJsonBody(WebhookListRequest, { status: "SUSPENDED" }),
      },
      responses: { 200: json(pageOf(Webhook), "A page of endpoints") },
    }),
    async (c) => {
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      const page = await listWebhooks({ ctx: c.var.inNamespace, input });
      return c.json(presentPage(page, presentWebhook), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/webhooks/{webhook_id}",
      tags: ["Webhooks"],
      operationId: "getWebhook",
      summary: "Get a webhook endpoint",
      description: "Without its signing secret.",
      request: { params },
      responses: { 200: json(Webhook, "The endpoint"), ...problems("not_found") },
    }),
    async (c) => {
      const input = { webhookId: c.req.valid("param").webhook_id };
      return c.json(presentWebhook(await getWebhook({ ctx: c.var.inNamespace, input })), 200);
    },
  )
  .openapi(
    createRoute({
      method: "patch",
      path: "/webhooks/{webhook_id}",
      tags: ["Webhooks"],
      operationId: "updateWebhook",
      summary: "Change, pause or resume a webhook endpoint",
      description:
        "What is given replaces what was. `SUSPENDED` pauses: deliveries are made, and held until `ACTIVE` resumes it. `ACTIVE` also ends a row of failures and closes the circuit.",
      request: { params, body: jsonBody(UpdateWebhookRequest, { status: "ACTIVE" }) },
      responses: { 200: json(Webhook, "The endpoint"), ...problems("not_found") },
    }),
    async (c) => {
      const input = { ...c.req.valid("json"), webhookId: c.req.valid("param").webhook_id };
      return c.json(presentWebhook(await updateWebhook({ ctx: c.var.inNamespace, input })), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/webhooks/{webhook_id}",
      tags: ["Webhooks"],
      operationId: "deleteWebhook",
      summary: "Remove a webhook endpoint",
      description: "What waits for it goes to the dead letters as it comes up.",
      request: { params },
      responses: { 204: { description: "Removed" }, ...problems("not_found") },
    }),
    async (c) => {
      const input = { webhookId: c.req.valid("param").webhook_id };
      await deleteWebhook({ ctx: c.var.inNamespace, input });
      return c.body(null, 204);
    },
  );

function presentWebhook(webhook: WebhookRecord): Webhook {
  return {
    webhook_id: webhook._id,
    namespace_id: webhook.namespace_id,
    url: webhook.url,
    event_types: [...webhook.event_types],
    task_types: [...webhook.task_types],
    tags: [...webhook.tags],
    headers: webhook.headers,
    description: webhook.description,
    metadata: webhook.metadata,
    status: webhook.status,
    status_reason: webhook.status_reason,
    failing_since: webhook.failing_since?.toISOString() ?? null,
    circuit: {
      state: webhook.circuit.state,
      open_until: webhook.circuit.open_until?.toISOString() ?? null,
      consecutive_failures: webhook.circuit.consecutive_failures,
    },
    rate_limit: webhook.rate_limit,
    max_concurrency: webhook.max_concurrency,
    ordering: webhook.ordering,
    created_at: webhook.created_at.toISOString(),
    updated_at: webhook.updated_at.toISOString(),
  };
}
