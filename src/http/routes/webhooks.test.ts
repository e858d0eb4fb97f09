import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createHarness } from "../../../test/webhooks/harness.ts";
import { DeliverySummary } from "../../contract/delivery.ts";
import { eventsDispatch } from "../queue/events-dispatch.ts";
import { webhooksDeliver } from "../queue/webhooks-deliver.ts";
import { deliveriesOfTask } from "../../engine/webhooks/deliveries/read-deliveries.ts";
import type { AppEnv } from "../app-env.ts";
import { deliveries } from "./deliveries.ts";
import { errorResponse } from "../error-response.ts";
import { webhooks } from "./webhooks.ts";

const Body = z.looseObject({
  results: z.array(z.unknown()).default([]),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});

function createApp() {
  const h = createHarness();
  const app = new Hono<AppEnv>();
  app.onError(errorResponse);
  app.use(async (c, next) => {
    c.set("requestId", "req_1");
    c.set("services", h.ctx);
    c.set("caller", h.ctx);
    c.set("inNamespace", h.ctx);
    await next();
  });
  app.route("/v1", webhooks).route("/v1", deliveries);
  app.use("/internal/*", async (c, next) => {
    c.set("message", await c.req.text());
    await next();
  });
  app.post("/internal/events/dispatch", eventsDispatch);
  app.post("/internal/webhooks/deliver", webhooksDeliver);
  const send = async (method: string, path: string, body?: unknown, headers = {}) => {
    const response = await app.request(path, {
      method,
      headers: { "Content-Type": "application/json", ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return {
      response,
      status: response.status,
      body: Body.parse(await response.json().catch(() => ({}))),
    };
  };
  return { h, send };
}

const endpoint = { url: "https://hooks.example.com/in", event_types: ["task.*"] };

describe("endpoints over HTTP", () => {
  test("are made with a secret that no later answer has", async () => {
    const { send } = createApp();
    const made = await send("POST", "/v1/webhooks", endpoint);
    expect(made.status).toBe(201);
    expect(made.body.secret).toMatch(/^whsec_/);
    const { secret: _secret, results: _results, errors: _errors, ...rest } = made.body;
    const id = String(rest["webhook_id"]);
    expect(made.response.headers.get("Location")).toBe(`/v1/webhooks/${id}`);
    const got = await send("GET", `/v1/webhooks/${id}`);
    expect(got.body).toMatchObject(rest);
    expect(got.body).not.toHaveProperty("secret");
    expect((await send("POST", "/v1/webhooks/list", {})).body).toMatchObject({
      results: [rest],
      pagination: { next_cursor: null },
    });
    const paused = await send("PATCH", `/v1/webhooks/${id}`, { status: "SUSPENDED" });
    expect(paused.body).toMatchObject({ status: "SUSPENDED", status_reason: "paused by admin" });
    expect((await send("DELETE", `/v1/webhooks/${id}`)).status).toBe(204);
    expect((await send("GET", `/v1/webhooks/${id}`)).status).toBe(404);
  });

  test("are refused for an unknown event, with the list of what exists", async () => {
    const { send } = createApp();
    const refused = await send("POST", "/v1/webhooks", { ...endpoint, event_types: ["task.done"] });
    expect(refused.status).toBe(400);
    expect(refused.body.errors[0]?.path).toBe("event_types.0");
    expect(refused.body.errors[0]?.message).toContain("webhook.endpoint.disabled");
  });
});

describe("the queue's messages", () => {
  test("dispatch, deliver, and show in the lists", async () => {
    const { h, send } = createApp();
    const { webhook } = await h.subscribe();
    const task = await h.taskWith(["task.completed"]);
    const message = { source: "task", id: task._id };
    expect((await send("POST", "/internal/events/dispatch", message)).body).toMatchObject({
      events: 1,
      deliveries: 1,
    });
    const list = `/v1/webhooks/${webhook._id}/deliveries/list`;
    expect((await send("POST", list, { status: "PENDING" })).body.results).toHaveLength(1);
    const [due] = h.deliveryMessages();
    expect((await send("POST", "/internal/webhooks/deliver", due)).body).toMatchObject({
      kind: "delivered",
    });
    expect((await send("POST", list, { status: ["PENDING", "FAILED"] })).body.results).toEqual([]);
    const [summary] = (await send("POST", list, { status: "COMPLETED" })).body.results;
    expect(summary).not.toHaveProperty("attempts");
    expect((await send("GET", `/v1/deliveries/${due?.delivery_id}`)).body).toMatchObject({
      ...DeliverySummary.parse(summary),
      attempts: [{ attempt: 1, response_status: 200, error: null }],
    });
    expect(await deliveriesOfTask({ ctx: h.ctx, taskId: task._id })).toEqual([summary]);
  });

  test("sent again by the queue are not delivered again", async () => {
    const { h, send } = createApp();
    await h.subscribe();
    const task = await h.taskWith(["task.completed"]);
    await send("POST", "/internal/events/dispatch", { source: "task", id: task._id });
    const [due] = h.deliveryMessages();
    await send("POST", "/internal/webhooks/deliver", due);
    const again = await send("POST", "/internal/webhooks/deliver", due, { "Upstash-Retried": "1" });
    expect(again.body).toMatchObject({ kind: "stale" });
    expect(h.received).toHaveLength(1);
  });

  test.each([
    ["/internal/events/dispatch", { source: "cron", id: "x" }],
    ["/internal/events/dispatch", undefined],
    ["/internal/webhooks/deliver", { delivery_id: "dlv_1" }],
  ])("that are malformed are buried at once: %s %j", async (path, body) => {
    const { send } = createApp();
    const buried = await send("POST", path, body);
    expect(buried.status).toBe(489);
    expect(buried.response.headers.get("Upstash-NonRetryable-Error")).toBe("true");
    expect(buried.body).toMatchObject({ code: "invalid_request", status: 489 });
  });
});
