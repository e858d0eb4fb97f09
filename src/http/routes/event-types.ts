import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery } from "../../contract/common.ts";
import { EventTypeName } from "../../contract/event.ts";
import { EventType, EventTypeListRequest, PutEventTypeRequest } from "../../contract/event-type.ts";
import { archiveEventType } from "../../engine/events/types/archive-event-type.ts";
import {
  getEventType,
  type EventTypePage,
  listEventTypes,
} from "../../engine/events/types/read-event-types.ts";
import { putEventType } from "../../engine/events/types/put-event-type.ts";
import { problems } from "../problem-responses.ts";
import { createRouter, json, jsonBody, optionalJsonBody } from "../router.ts";

const params = z.object({ event_type: z.string().min(1).max(100) });

const EXAMPLE = {
  description: "An order was paid.",
  schema: {
    type: "object",
    properties: { order_id: { type: "string" }, amount: { type: "number" } },
    required: ["order_id"],
    additionalProperties: false,
  },
  example: { order_id: "o_1", amount: 12.5 },
};

/** `/v1/event-types`: the catalogue of events, Waybill's own and the deployer's. */
export const eventTypes = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/event-types",
      tags: ["Events"],
      operationId: "getEventCatalogue",
      summary: "Read the catalogue of events",
      description: "The same as the list, without filters, for a browser.",
      request: { query: PageQuery },
      responses: { 200: json(pageOf(EventType), "A page of types"), ...problems("invalid_cursor") },
    }),
    async (c) => {
      const page = await listEventTypes({ ctx: c.var.inNamespace, input: c.req.valid("query") });
      return c.json(presentTypes(page), 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/event-types/list",
      tags: ["Events"],
      operationId: "listEventTypes",
      summary: "List event types",
      description:
        "Waybill's own and the namespace's registered ones, sorted by name: the meaning of each, the JSON Schema of its payload, and an example.",
      request: {
        query: PageQuery,
        body: optionalJsonBody(EventTypeListRequest, { origin: "registered" }),
      },
      responses: { 200: json(pageOf(EventType), "A page of types") },
    }),
    async (c) => {
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      return c.json(presentTypes(await listEventTypes({ ctx: c.var.inNamespace, input })), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/event-types/{event_type}",
      tags: ["Events"],
      operationId: "getEventType",
      summary: "Get an event type",
      description: "In its current version, or in an earlier one.",
      request: {
        params,
        query: z.strictObject({ version: z.coerce.number().int().min(1).optional() }),
      },
      responses: { 200: json(EventType, "The type"), ...problems("not_found") },
    }),
    async (c) => {
      const input = {
        type: c.req.valid("param").event_type,
        version: c.req.valid("query").version,
      };
      return c.json(await getEventType({ ctx: c.var.inNamespace, input }), 200);
    },
  )
  .openapi(
    createRoute({
      method: "put",
      path: "/event-types/{event_type}",
      tags: ["Events"],
      operationId: "putEventType",
      summary: "Register or update an event type",
      description:
        "A changed `schema` creates the next version; earlier ones stay readable. Waybill doesn't judge whether a change is compatible: add optional fields, and register a new type for anything else. `namespace_id`, `sequence`, `task` and `links` in `data` are Waybill's own.",
      request: {
        params: z.object({ event_type: EventTypeName }),
        body: jsonBody(PutEventTypeRequest, EXAMPLE),
      },
      responses: {
        200: json(EventType, "The updated type"),
        201: json(EventType, "The new type"),
      },
    }),
    async (c) => {
      const input = { type: c.req.valid("param").event_type, request: c.req.valid("json") };
      const { eventType, isNew } = await putEventType({ ctx: c.var.inNamespace, input });
      return isNew ? c.json(eventType, 201) : c.json(eventType, 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/event-types/{event_type}",
      tags: ["Events"],
      operationId: "archiveEventType",
      summary: "Archive a registered event type",
      description:
        "It can no longer be published. Its events and versions stay readable; a PUT restores it.",
      request: { params },
      responses: { 204: { description: "Archived" }, ...problems("not_found") },
    }),
    async (c) => {
      const input = { type: c.req.valid("param").event_type };
      await archiveEventType({ ctx: c.var.inNamespace, input });
      return c.body(null, 204);
    },
  );

function presentTypes({ shown, nextCursor }: EventTypePage) {
  return { ...shown, pagination: { next_cursor: nextCursor } };
}
