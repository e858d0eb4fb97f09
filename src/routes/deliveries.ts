import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery } from "../contract/common.ts";
import { Delivery, DeliveryListRequest, DeliverySummary } from "../contract/delivery.ts";
import { IdOrName } from "../contract/ids.ts";
import { getDelivery } from "../services/deliveries/get-delivery.ts";
import { listDeliveries } from "../services/deliveries/list-deliveries.ts";
import {
  presentDelivery,
  presentDeliverySummary,
} from "../services/deliveries/present-delivery.ts";
import { skipDelivery } from "../services/deliveries/skip-delivery.ts";
import { presentPage } from "./present.ts";
import { problems } from "./problem-responses.ts";
import { createRouter, json, optionalJsonBody } from "./router.ts";

/** `/v1/webhooks/{webhook_id}/deliveries/list` and `/v1/deliveries`: what was sent, and how it went. */
export const deliveries = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/webhooks/{webhook_id}/deliveries/list",
      tags: ["Webhooks"],
      operationId: "listDeliveries",
      summary: "List the deliveries to an endpoint",
      description: "Newest first, without their attempts; also of an endpoint that was removed.",
      request: {
        params: z.object({ webhook_id: IdOrName }),
        query: PageQuery,
        body: optionalJsonBody(DeliveryListRequest, { status: "FAILED" }),
      },
      responses: { 200: json(pageOf(DeliverySummary), "A page of deliveries") },
    }),
    async (c) => {
      const input = {
        ...c.req.valid("query"),
        ...c.req.valid("json"),
        webhookId: c.req.valid("param").webhook_id,
      };
      const page = await listDeliveries({ ctx: c.var.inNamespace, input });
      return c.json(presentPage(page, presentDeliverySummary), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/deliveries/{delivery_id}",
      tags: ["Webhooks"],
      operationId: "getDelivery",
      summary: "Get a delivery with its attempts",
      description: "With the status, latency and first 4 KiB of the answer of each attempt.",
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
      path: "/deliveries/{delivery_id}/skip",
      tags: ["Webhooks"],
      operationId: "skipDelivery",
      summary: "Give a delivery up; again is the same answer",
      description:
        "One that is PENDING or FAILED becomes SKIPPED. At an endpoint with `ordering: task` the task's later events go on.",
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
