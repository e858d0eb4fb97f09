import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery } from "../contract/common.ts";
import {
  Delivery,
  DeliveryListRequest,
  DeliveryRow,
  WebhookDeliveryListRequest,
} from "../contract/delivery.ts";
import { IdOrName } from "../contract/ids.ts";
import { getDelivery } from "../services/deliveries/get-delivery.ts";
import { listDeliveries, listWebhookDeliveries } from "../services/deliveries/list-deliveries.ts";
import { presentDelivery, presentDeliveryRow } from "../services/deliveries/present-delivery.ts";
import { presentPage } from "./present.ts";
import { problems } from "./problem-responses.ts";
import { createRouter, json, optionalJsonBody } from "./router.ts";

/** `/v1/webhooks/{webhook_id}/deliveries/list` and `/v1/deliveries`: what was sent, and how it went. */
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
      return c.json(presentPage(page, presentDeliveryRow), 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/webhooks/{webhook_id}/deliveries/list",
      tags: ["Webhooks"],
      operationId: "listWebhookDeliveries",
      summary: "List the deliveries to an endpoint",
      description: "The same for one endpoint, also for one that was removed.",
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
      const page = await listWebhookDeliveries({ ctx: c.var.inNamespace, input });
      return c.json(presentPage(page, presentDeliveryRow), 200);
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
        "With the status, headers, latency and first 4 KiB of the answer of each attempt.",
      request: { params: z.object({ delivery_id: IdOrName }) },
      responses: { 200: json(Delivery, "The delivery"), ...problems("not_found") },
    }),
    async (c) => {
      const input = { deliveryId: c.req.valid("param").delivery_id };
      return c.json(presentDelivery(await getDelivery({ ctx: c.var.inNamespace, input })), 200);
    },
  );
