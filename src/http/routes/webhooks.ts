import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery } from "../../contract/common.ts";
import { IdOrName } from "../../contract/ids.ts";
import {
  CreatedWebhook,
  CreateWebhookRequest,
  RotatedWebhook,
  RotateSecretRequest,
  UpdateWebhookRequest,
  Webhook,
  WebhookListRequest,
} from "../../contract/webhook.ts";
import { createEndpoint } from "../../engine/webhooks/endpoints/create-endpoint.ts";
import { deleteEndpoint } from "../../engine/webhooks/endpoints/delete-endpoint.ts";
import { getEndpoint, listEndpoints } from "../../engine/webhooks/endpoints/read-endpoints.ts";
import { pauseEndpoint, resumeEndpoint } from "../../engine/webhooks/endpoints/pause-endpoint.ts";
import { presentEndpoint } from "../../engine/webhooks/endpoints/present-endpoint.ts";
import { rotateSecret } from "../../engine/webhooks/endpoints/rotate-secret.ts";
import { updateEndpoint } from "../../engine/webhooks/endpoints/update-endpoint.ts";
import { presentPage } from "../present.ts";
import { problems } from "../problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../router.ts";
import { keyedRequest, SubmissionHeaders } from "../submission.ts";

const params = z.object({ webhook_id: IdOrName });

/** `/v1/webhooks`: endpoints that receive events. */
export const webhooks = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/webhooks",
      tags: ["Webhooks"],
      operationId: "createWebhook",
      summary: "Create a webhook endpoint",
      description:
        'Active at once. With `"url": null` nothing is sent, and the consumer polls. The signing secret ' +
        "is shown only in this response; it is stored sealed, as are the custom headers. " +
        "With an `Idempotency-Key`, a repeated request returns the same endpoint and secret.",
      request: {
        headers: SubmissionHeaders,
        body: jsonBody(CreateWebhookRequest, {
          url: "https://example.com/waybill",
          event_types: ["task.*"],
        }),
      },
      responses: {
        201: jsonAt(
          CreatedWebhook,
          "The endpoint and its signing secret, which is shown only once",
        ),
        ...problems("idempotency_key_reused"),
      },
    }),
    async (c) => {
      const { webhook, secret } = await createEndpoint({
        ctx: c.var.inNamespace,
        input: {
          ...c.req.valid("json"),
          keyed: await keyedRequest(c, c.req.valid("header")),
        },
      });
      return c.json({ ...presentEndpoint(c.var.services, webhook), secret }, 201, {
        Location: `/v1/webhooks/${webhook._id}`,
        "Cache-Control": "no-store",
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
      const page = await listEndpoints({ ctx: c.var.inNamespace, input });
      return c.json(
        presentPage(c, page, (webhook) => presentEndpoint(c.var.services, webhook)),
        200,
      );
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
      const webhook = await getEndpoint({ ctx: c.var.inNamespace, input });
      return c.json(presentEndpoint(c.var.services, webhook), 200);
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
        "The given fields replace the stored ones, `headers` as a whole. `SUSPENDED` pauses: deliveries are created " +
        "and held until `ACTIVE` resumes it. `ACTIVE` also resets the failure count and closes the circuit. " +
        '`signatures: ["v1", "v1a"]` adds a key pair, `["v1"]` drops it at once.',
      request: { params, body: jsonBody(UpdateWebhookRequest, { status: "ACTIVE" }) },
      responses: { 200: json(Webhook, "The endpoint"), ...problems("not_found") },
    }),
    async (c) => {
      const input = { ...c.req.valid("json"), webhookId: c.req.valid("param").webhook_id };
      const webhook = await updateEndpoint({ ctx: c.var.inNamespace, input });
      return c.json(presentEndpoint(c.var.services, webhook), 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/webhooks/{webhook_id}/rotate-secret",
      tags: ["Webhooks"],
      operationId: "rotateWebhookSecret",
      summary: "Replace an endpoint's signing secret",
      description:
        "The new secret is shown only in this response. The replaced secret continues to sign " +
        "as well, by default for a day. With an `Idempotency-Key`, a repeated request " +
        "returns the same for as long as the secret is active; without one, it creates another " +
        "secret, and no secret in use is lost.",
      request: {
        params,
        headers: SubmissionHeaders,
        body: optionalJsonBody(RotateSecretRequest, { overlap_seconds: 86_400 }),
      },
      responses: {
        200: json(RotatedWebhook, "The endpoint and its new secret, which is shown only once"),
        ...problems("not_found", "idempotency_key_reused"),
      },
    }),
    async (c) => {
      const { webhook, secret } = await rotateSecret({
        ctx: c.var.inNamespace,
        input: {
          ...c.req.valid("json"),
          webhookId: c.req.valid("param").webhook_id,
          keyed: await keyedRequest(c, c.req.valid("header")),
        },
      });
      return c.json({ ...presentEndpoint(c.var.services, webhook), secret }, 200, {
        "Cache-Control": "no-store",
      });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/webhooks/{webhook_id}/pause",
      tags: ["Webhooks"],
      operationId: "pauseWebhook",
      summary: "Pause a webhook endpoint",
      description: "The same as `PATCH` with the status SUSPENDED.",
      request: { params },
      responses: { 200: json(Webhook, "The endpoint, SUSPENDED"), ...problems("not_found") },
    }),
    async (c) => {
      const input = { webhookId: c.req.valid("param").webhook_id };
      const webhook = await pauseEndpoint({ ctx: c.var.inNamespace, input });
      return c.json(presentEndpoint(c.var.services, webhook), 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/webhooks/{webhook_id}/resume",
      tags: ["Webhooks"],
      operationId: "resumeWebhook",
      summary: "Resume a webhook endpoint",
      description:
        "The same as `PATCH` with the status ACTIVE, whoever suspended it; resets the failure count.",
      request: { params },
      responses: { 200: json(Webhook, "The endpoint, ACTIVE"), ...problems("not_found") },
    }),
    async (c) => {
      const input = { webhookId: c.req.valid("param").webhook_id };
      const webhook = await resumeEndpoint({ ctx: c.var.inNamespace, input });
      return c.json(presentEndpoint(c.var.services, webhook), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/webhooks/{webhook_id}",
      tags: ["Webhooks"],
      operationId: "deleteWebhook",
      summary: "Remove a webhook endpoint",
      description: "Deliveries that wait for it become dead letters when they come up.",
      request: { params },
      responses: { 204: { description: "Removed" }, ...problems("not_found") },
    }),
    async (c) => {
      const input = { webhookId: c.req.valid("param").webhook_id };
      await deleteEndpoint({ ctx: c.var.inNamespace, input });
      return c.body(null, 204);
    },
  );
