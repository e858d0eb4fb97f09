import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { describe, expect, test } from "vitest";
import { createHarness, type Harness } from "../../../../test/webhooks/harness.ts";
import { EVENT_CATALOGUE } from "../../../contract/event.ts";
import { EVENT_EXAMPLES } from "../../../contract/event-example.ts";
import type { DeliveryMessage } from "../../../ports/queue.ts";
import { relayDeliveries } from "../../duties/relay-deliveries.ts";
import { builtInSchema, registeredSchema } from "../../events/types/payload-schema.ts";
import { putEventType } from "../../events/types/put-event-type.ts";
import { requireValid } from "../../json-schema.ts";
import { updateEndpoint } from "../endpoints/update-endpoint.ts";
import { attemptDelivery } from "./attempt-delivery.ts";
import { replayEndpoint } from "./replay-endpoint.ts";
import { resendDelivery } from "./resend-delivery.ts";
import { retryDeliveries } from "./retry-deliveries.ts";
import { testEndpoint } from "./test-endpoint.ts";

const send = (h: Harness, webhookId: string, type?: string) =>
  testEndpoint({ ctx: h.ctx, input: { webhookId, ...(type !== undefined && { type }) } });

function lastMessage(h: Harness): DeliveryMessage {
  const message = h.deliveryMessages().at(-1);
  if (message === undefined) throw new Error("nothing was published");
  return message;
}

const deliverLast = (h: Harness) =>
  attemptDelivery({ ctx: h.ctx, input: { ...lastMessage(h), redelivered: false } });

const PAID = {
  type: "object",
  properties: { order_id: { type: "string" } },
  required: ["order_id"],
  // Closed: what Waybill adds must be let in by name.
  additionalProperties: false,
};

const register = (h: Harness, type: string, example?: Record<string, unknown>) =>
  putEventType({
    ctx: h.ctx,
    input: { type, request: { schema: PAID, ...(example !== undefined && { example }) } },
  });

const bodyOf = (h: Harness): unknown => JSON.parse(h.received.at(-1)?.body ?? "");

const stored = (h: Harness, id: string) => h.ctx.stores.deliveries.get(id);

describe("a test of an endpoint", () => {
  test.each(EVENT_CATALOGUE.map(({ type }) => type))(
    "sends a signed example of %s that says that it is one",
    async (type) => {
      const h = createHarness();
      const { webhook, secret } = await h.subscribe({ event_types: ["task.completed"] });
      const { _id, event_id } = await send(h, webhook._id, type);
      expect(await deliverLast(h)).toEqual({ kind: "delivered" });
      const [request] = h.received;
      const headers = Object.fromEntries(request?.headers ?? []);
      expect(headers["webhook-id"]).toBe(event_id);
      // The library refuses what is not of its own present; the harness is of another.
      const at = new Date(Number(headers["webhook-timestamp"]) * 1000);
      const signature = new Webhook(secret).sign(event_id, at, request?.body ?? "");
      expect(headers["webhook-signature"]).toBe(signature);
      const own = { test: true, sequence: 0, namespace_id: h.ctx.namespace._id };
      expect(bodyOf(h)).toEqual({
        type,
        timestamp: expect.any(String),
        data: { ...EVENT_EXAMPLES[type].data, ...own },
      });
      requireValid(
        z.record(z.string(), z.unknown()).parse(bodyOf(h)),
        JSON.stringify(builtInSchema(type)),
        "body",
      );
      expect(await stored(h, _id)).toMatchObject({
        is_test: true,
        state: "DELIVERED",
        task_id: null,
        attempts: [{ attempt: 1, response_status: 200 }],
      });
    },
  );

  test.each([
    [["task.failed", "*"], "task.failed"],
    [["task.*"], "task.created"],
    [["*"], "task.created"],
    [["collection.*"], "collection.documents.written"],
  ])("subscribed to %j sends %s unless told", async (event_types, type) => {
    const h = createHarness();
    const { webhook } = await h.subscribe({ event_types });
    expect(await send(h, webhook._id)).toMatchObject({ event_type: type });
  });

  test("reaches that endpoint alone and leaves nothing in the log of events", async () => {
    const h = createHarness();
    const { webhook } = await h.subscribe();
    await h.subscribe({ url: "https://other.example.com/in" });
    await send(h, webhook._id);
    await deliverLast(h);
    expect(h.received.map(({ url }) => url)).toEqual(["https://hooks.example.com/in"]);
    expect(h.gateway.rows("events")).toEqual([]);
    const replayed = await replayEndpoint({
      ctx: h.ctx,
      input: { webhookId: webhook._id, from: "2026-01-01T00:00:00Z", which: "all", key: null },
    });
    expect(replayed).toMatchObject({ events: 0, created: 0, reopened: 0 });
  });

  test.each([500, 410])(
    "that is answered %i has one attempt, and changes nothing about the endpoint",
    async (status) => {
      const h = createHarness();
      const { webhook } = await h.subscribe();
      h.world.answer = () => new Response("no", { status });
      const { _id } = await send(h, webhook._id);
      expect(await deliverLast(h)).toMatchObject({ kind: "dead" });
      expect(await stored(h, _id)).toMatchObject({
        state: "DEAD",
        error_message: `the test failed: HTTP ${status}`,
        attempts: [{ response_status: status, response_body: "no" }],
      });
      expect(h.published).toHaveLength(1);
      expect(await h.webhook(webhook._id)).toEqual(webhook);
      const retried = await retryDeliveries({ ctx: h.ctx, input: { event_type: "*", key: null } });
      expect(retried.results).toEqual([]);
    },
  );

  test("is sent to an endpoint that is out of service, which stays so", async () => {
    const h = createHarness();
    const { webhook } = await h.subscribe();
    const input = { webhookId: webhook._id, status: "SUSPENDED" } as const;
    await updateEndpoint({ ctx: h.ctx, input });
    await send(h, webhook._id);
    expect(await deliverLast(h)).toEqual({ kind: "delivered" });
    expect((await h.webhook(webhook._id))?.status).toBe("SUSPENDED");
  });

  test("is sent by the relay when the queue was down, and resent with the same bytes", async () => {
    const h = createHarness();
    const { webhook } = await h.subscribe();
    h.world.queueIsDown = true;
    const { _id } = await send(h, webhook._id);
    h.world.queueIsDown = false;
    h.advance(2 * 60_000);
    expect(await relayDeliveries(h.ctx, h.now(), () => false)).toEqual({ relayed: 1 });
    expect(await deliverLast(h)).toEqual({ kind: "delivered" });
    await resendDelivery({ ctx: h.ctx, input: { deliveryId: _id, key: null } });
    expect(await deliverLast(h)).toEqual({ kind: "delivered" });
    expect(h.received).toHaveLength(2);
    expect(new Set(h.received.map(({ body }) => body)).size).toBe(1);
  });

  test.each(["task.done", "task.*", "*"])("of %s, which is no type, is refused", async (type) => {
    const h = createHarness();
    const { webhook } = await h.subscribe();
    await expect(send(h, webhook._id, type)).rejects.toMatchObject({
      code: "invalid_request",
      fields: [{ path: "type", message: expect.stringMatching("task.completed") }],
    });
    expect(h.gateway.rows("deliveries")).toEqual([]);
  });
});

describe("a test with a type of the deployer's own", () => {
  test("sends its registered example, which satisfies its schema with the mark in it", async () => {
    const h = createHarness();
    await register(h, "orders.paid", { order_id: "o_1" });
    const { webhook } = await h.subscribe();
    await send(h, webhook._id, "orders.paid");
    expect(await deliverLast(h)).toEqual({ kind: "delivered" });
    expect(bodyOf(h)).toEqual({
      type: "orders.paid",
      timestamp: expect.any(String),
      data: { order_id: "o_1", namespace_id: h.ctx.namespace._id, sequence: 0, test: true },
    });
    requireValid(
      z.record(z.string(), z.unknown()).parse(bodyOf(h)),
      JSON.stringify(registeredSchema("orders.paid", 1, PAID)),
      "body",
    );
  });

  test("is refused when the type has no example, saying how to give it one", async () => {
    const h = createHarness();
    await register(h, "orders.paid");
    const { webhook } = await h.subscribe({ event_types: ["orders.*"] });
    const message = expect.stringMatching(/no example.*PUT \/v1\/event-types\/orders\.paid/s);
    await expect(send(h, webhook._id, "orders.paid")).rejects.toMatchObject({
      code: "invalid_request",
      fields: [{ path: "type", message }],
    });
    await expect(send(h, webhook._id)).rejects.toMatchObject({
      code: "invalid_request",
      fields: [{ path: "type", message: expect.stringMatching(/orders\.\*.*has an example/) }],
    });
  });

  test.each([
    [["orders.paid"], "orders.paid"],
    // By name the first of those that have an example.
    [["orders.*"], "orders.paid"],
    [["orders.left", "orders.paid"], "orders.paid"],
    [["orders.left", "task.failed"], "task.failed"],
  ])("is what an endpoint subscribed to %j gets unless told: %s", async (event_types, type) => {
    const h = createHarness();
    await register(h, "orders.left");
    await register(h, "orders.paid", { order_id: "o_1" });
    await register(h, "order_books.paid", { order_id: "o_2" });
    const { webhook } = await h.subscribe({ event_types });
    expect(await send(h, webhook._id)).toMatchObject({ event_type: type });
  });

  test("whose example is gone before the attempt ends in the dead letters", async () => {
    const h = createHarness();
    await register(h, "orders.paid", { order_id: "o_1" });
    const { webhook } = await h.subscribe();
    await send(h, webhook._id, "orders.paid");
    await register(h, "orders.paid");
    expect(await deliverLast(h)).toMatchObject({ kind: "dead" });
  });
});
