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
import { presentPage } from "./present.ts";
import { createRouter, json, optionalJsonBody, problems } from "./router.ts";

/** `/v1/webhooks/{webhook_id}/deliveries/list` and `/v1/deliveries`: what was sent, and how it went. */
export const deliveries = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/webhooks/{webhook_id}/deliveries/list",
      tags: ["Webhooks"],
      summary: "List the deliveries to an endpoint",
      request: {
        params: z.object({ webhook_id: IdOrName }),
        query: PageQuery,
        body: optionalJsonBody(DeliveryListRequest),
      },
      responses: { 200: json(pageOf(DeliverySummary), "A page of deliveries"), ...problems(404) },
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
      summary: "Get a delivery with its attempts",
      request: { params: z.object({ delivery_id: IdOrName }) },
      responses: { 200: json(Delivery, "The delivery"), ...problems(404) },
    }),
    async (c) => {
      const input = { deliveryId: c.req.valid("param").delivery_id };
      return c.json(presentDelivery(await getDelivery({ ctx: c.var.inNamespace, input })), 200);
    },
  );
