import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery } from "../../contract/common.ts";
import {
  Delivery,
  DeliveryListRequest,
  DeliveryRow,
  RetryDeliveriesOutcome,
  RetryDeliveriesRequest,
  WebhookDeliveryListRequest,
} from "../../contract/delivery.ts";
import { IdOrName } from "../../contract/ids.ts";
import {
  getDelivery,
  listDeliveries,
  listEndpointDeliveries,
} from "../../engine/webhooks/deliveries/read-deliveries.ts";
import { skipDelivery } from "../../engine/webhooks/deliveries/skip-delivery.ts";
import {
  presentDelivery,
  presentDeliveryRow,
} from "../../engine/webhooks/deliveries/present-delivery.ts";
import { presentPage } from "../present.ts";
import { resendDelivery } from "../../engine/webhooks/deliveries/resend-delivery.ts";
import { retryDeliveries } from "../../engine/webhooks/deliveries/retry-deliveries.ts";
import { problems } from "../problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../router.ts";
import { SubmissionHeaders } from "../submission.ts";

/**
 * `/v1/webhooks/{webhook_id}/deliveries/list` and `/v1/deliveries`: deliveries and their outcomes.
 */
export const deliveries = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/deliveries/list",
      tags: ["Webhooks"],
      operationId: "listDeliveries",
      summary: "List the namespace's deliveries",
      description:
        "Newest first, with each of their attempts when `include_attempts` is true. `FAILED` are the dead letters.",
      request: {
        query: PageQuery,
        body: optionalJsonBody(DeliveryListRequest, {
          status: "FAILED",
          response_code: ["5xx", "none"],
          include_attempts: true,
        }),
      },
      responses: { 200: json(pageOf(DeliveryRow), "A page of deliveries") },
    }),
    async (c) => {
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      const page = await listDeliveries({ ctx: c.var.inNamespace, input });
      return c.json(presentPage(c, page, presentDeliveryRow), 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/webhooks/{webhook_id}/deliveries/list",
      tags: ["Webhooks"],
      operationId: "listWebhookDeliveries",
      summary: "List the deliveries to an endpoint",
      description: "The same for one endpoint, even if it was removed.",
      request: {
        params: z.object({ webhook_id: IdOrName }),
        query: PageQuery,
        body: optionalJsonBody(WebhookDeliveryListRequest, { status: "FAILED" }),
      },
      responses: { 200: json(pageOf(DeliveryRow), "A page of deliveries") },
    }),
    async (c) => {
      const input = {
        ...c.req.valid("query"),
        ...c.req.valid("json"),
        webhookId: c.req.valid("param").webhook_id,
      };
      const page = await listEndpointDeliveries({ ctx: c.var.inNamespace, input });
      return c.json(presentPage(c, page, presentDeliveryRow), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/deliveries/{delivery_id}",
      tags: ["Webhooks"],
      operationId: "getDelivery",
      summary: "Get a delivery with its attempts",
      description:
        "With the status, headers, latency and first 4 KiB of the response of each attempt.",
      request: { params: z.object({ delivery_id: IdOrName }) },
      responses: { 200: json(Delivery, "The delivery"), ...problems("not_found") },
    }),
    async (c) => {
      const input = { deliveryId: c.req.valid("param").delivery_id };
      return c.json(presentDelivery(await getDelivery({ ctx: c.var.inNamespace, input })), 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/deliveries/{delivery_id}/resend",
      tags: ["Webhooks"],
      operationId: "resendDelivery",
      summary: "Send a delivery again",
      description:
        "For a delivery that arrived or is a dead letter: it keeps its `webhook-id` and its log and starts a fresh schedule. While it is in progress, nothing is sent twice; with the same `Idempotency-Key`, never.",
      request: {
        params: z.object({ delivery_id: IdOrName }),
        headers: SubmissionHeaders,
      },
      responses: {
        202: jsonAt(Delivery, "The delivery, queued again"),
        ...problems(
          "not_found",
          "webhook_not_active",
          "webhook_has_no_url",
          "delivery_not_resendable",
        ),
      },
    }),
    async (c) => {
      const input = {
        deliveryId: c.req.valid("param").delivery_id,
        key: c.req.valid("header")["idempotency-key"] ?? null,
      };
      const delivery = await resendDelivery({ ctx: c.var.inNamespace, input });
      return c.json(presentDelivery(delivery), 202, { Location: `/v1/deliveries/${delivery._id}` });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/deliveries/retry",
      tags: ["Webhooks"],
      operationId: "retryDeliveries",
      summary: "Resend the dead letters that match a filter",
      description:
        'One page at a time, oldest first; go on with `next_cursor`. A dry run changes nothing and says what would be done. Needs a filter that narrows, or `"all": true`.',
      request: {
        headers: SubmissionHeaders,
        body: jsonBody(RetryDeliveriesRequest, { response_code: "5xx", dry_run: true }),
      },
      responses: {
        200: json(RetryDeliveriesOutcome, "A row for each matching dead letter"),
        ...problems("invalid_cursor"),
      },
    }),
    async (c) => {
      const key = c.req.valid("header")["idempotency-key"] ?? null;
      const input = { ...c.req.valid("json"), key };
      return c.json(await retryDeliveries({ ctx: c.var.inNamespace, input }), 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/deliveries/{delivery_id}/skip",
      tags: ["Webhooks"],
      operationId: "skipDelivery",
      summary: "Give a delivery up; repeating the call returns the same",
      description:
        "A PENDING or FAILED delivery becomes SKIPPED. At an endpoint with `ordering: task`, the task's later events continue.",
      request: { params: z.object({ delivery_id: IdOrName }) },
      responses: {
        200: json(Delivery, "The delivery"),
        ...problems("not_found", "delivery_not_skippable"),
      },
    }),
    async (c) => {
      const input = { deliveryId: c.req.valid("param").delivery_id };
      return c.json(presentDelivery(await skipDelivery({ ctx: c.var.inNamespace, input })), 200);
    },
  );
