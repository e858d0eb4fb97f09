import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { PageQuery } from "../../contract/common.ts";
import {
  EventListRequest,
  EventPage,
  LoggedEvent,
  PollQuery,
  PolledEvents,
  PublishEventRequest,
} from "../../contract/logged-event.ts";
import { IdOrName } from "../../contract/ids.ts";
import { getEvent, listEvents, presentEvent } from "../../engine/events/read-events.ts";
import { pollEndpoint } from "../../engine/webhooks/endpoints/poll-endpoint.ts";
import { publishEvent } from "../../engine/events/publish-event.ts";
import { showRows } from "../../engine/show-rows.ts";
import { preferredWait } from "../prefer.ts";
import { problems } from "../problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../router.ts";
import { keyedRequest, SubmissionHeaders } from "../submission.ts";

const PREFER = {
  name: "Prefer",
  in: "header" as const,
  required: false,
  description: "`wait=N`, up to 60: responds as soon as there is an event, or after N seconds",
  schema: { type: "string" as const },
};

/** `/v1/events`: the namespace's log, and what the deployer publishes. */
export const events = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/events",
      tags: ["Events"],
      operationId: "publishEvent",
      summary: "Publish an event of a registered type",
      description:
        "The event is in the log when this call returns, and reaches every endpoint subscribed at that time at least once. The same `Idempotency-Key` returns the same event for as long as it is kept.",
      request: {
        headers: SubmissionHeaders,
        body: jsonBody(PublishEventRequest, { type: "orders.paid", data: { order_id: "o_1" } }),
      },
      responses: {
        202: jsonAt(LoggedEvent, "The event"),
        ...problems("idempotency_key_reused"),
      },
    }),
    async (c) => {
      const event = await publishEvent({
        ctx: c.var.inNamespace,
        input: {
          request: c.req.valid("json"),
          keyed: await keyedRequest(c, c.req.valid("header")),
        },
      });
      return c.json(presentEvent(event), 202, { Location: `/v1/events/${event._id}` });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/events/list",
      tags: ["Events"],
      operationId: "listEvents",
      summary: "Read the namespace's event log",
      description:
        "Oldest first, in one order that never changes: an event that is logged late comes after everything already read, so cursors never skip an event. A page may have few rows and still have a next page. To follow the log, continue from `end_cursor`.",
      request: {
        query: PageQuery,
        body: optionalJsonBody(EventListRequest, { type: ["task.failed", "orders.*"] }),
      },
      responses: { 200: json(EventPage, "A page of the log") },
    }),
    async (c) => {
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      const page = await listEvents({ ctx: c.var.inNamespace, input });
      const answer = {
        ...showRows(c.var.services.runtime, page.events, presentEvent),
        pagination: { next_cursor: page.nextCursor },
        end_cursor: page.endCursor,
      };
      return c.json(answer, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/events/{event_id}",
      tags: ["Events"],
      operationId: "getEvent",
      summary: "Get an event",
      description:
        "The whole event, even if it was too large to send whole. A task's event appears in the log once it is dispatched, within two minutes.",
      request: { params: z.object({ event_id: z.string().min(1).max(160) }) },
      responses: { 200: json(LoggedEvent, "The event"), ...problems("not_found") },
    }),
    async (c) => {
      const input = { eventId: c.req.valid("param").event_id };
      return c.json(presentEvent(await getEvent({ ctx: c.var.inNamespace, input })), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/webhooks/{webhook_id}/poll",
      tags: ["Webhooks"],
      operationId: "pollWebhook",
      summary: "Poll for the events that an endpoint subscribes to",
      description:
        "For consumers that can't be reached: the events since the endpoint's creation that match its filters, in the log's order, whether the endpoint is active or not. Send `next_cursor` with every poll but the first. A poll scans 1,000 events of the log.",
      request: { params: z.object({ webhook_id: IdOrName }), query: PollQuery },
      parameters: [PREFER],
      responses: {
        200: json(PolledEvents, "The next events"),
        ...problems("not_found", "invalid_cursor"),
      },
    }),
    async (c) => {
      const wait = preferredWait(c.req.header("Prefer") ?? "");
      const input = {
        ...c.req.valid("query"),
        webhookId: c.req.valid("param").webhook_id,
        waitMs: (wait ?? 0) * 1000,
      };
      const outcome = await pollEndpoint({ ctx: c.var.inNamespace, input });
      if (wait !== null) c.header("Preference-Applied", `wait=${wait}`);
      const { nextCursor, isEnd } = outcome;
      const found = outcome.events.map(presentEvent);
      return c.json({ events: found, next_cursor: nextCursor, done: isEnd }, 200);
    },
  );
