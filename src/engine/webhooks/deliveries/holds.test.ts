import { describe, expect, test } from "vitest";
import { createHarness, type Harness } from "../../../../test/webhooks/harness.ts";
import type { DeliveryMessage } from "../../../ports/queue.ts";
import { relayDeliveries } from "../../duties/relay-deliveries.ts";
import { releaseHeld } from "../../duties/release-held.ts";
import { dispatchEvents } from "../../events/dispatch-events.ts";
import { deleteEndpoint } from "../endpoints/delete-endpoint.ts";
import { requireUrl } from "../endpoints/read-endpoints.ts";
import { suspendEndpoint } from "../endpoints/suspend-endpoint.ts";
import { updateEndpoint } from "../endpoints/update-endpoint.ts";
import { attemptDelivery } from "./attempt-delivery.ts";

/** A cron run with time left. */
const unspent = () => false;

const MINUTE_MS = 60_000;

async function dispatchOne(h: Harness): Promise<void> {
  const task = await h.taskWith(["task.completed"]);
  await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
}

const deliver = (h: Harness, message: DeliveryMessage) =>
  attemptDelivery({ ctx: h.ctx, input: { ...message, redelivered: false } });

/** Delivers all that was published since the last time. */
async function deliverAll(h: Harness): Promise<readonly string[]> {
  const messages = h.deliveryMessages();
  h.published.length = 0;
  const kinds: string[] = [];
  for (const message of messages) kinds.push((await deliver(h, message)).kind);
  return kinds;
}

const setStatus = (h: Harness, webhookId: string, status: "ACTIVE" | "SUSPENDED") =>
  updateEndpoint({ ctx: h.ctx, input: { webhookId, status } });

const removeUrl = (h: Harness, webhookId: string) =>
  updateEndpoint({ ctx: h.ctx, input: { webhookId, url: null } });

/** An endpoint that is paused, and so many events since. */
async function paused(events: number) {
  const h = createHarness();
  const { webhook } = await h.subscribe();
  await setStatus(h, webhook._id, "SUSPENDED");
  for (let index = 0; index < events; index += 1) await dispatchOne(h);
  return { h, id: webhook._id };
}

describe("a paused endpoint", () => {
  test("goes on collecting deliveries, and they cost no message", async () => {
    const { h } = await paused(3);
    expect(h.published).toEqual([]);
    expect(h.deliveries().map(({ state, hold }) => [state, hold])).toEqual(
      Array.from({ length: 3 }, () => ["PENDING", "paused"]),
    );
  });

  test("gets what was held when it is resumed, once, in rounds", async () => {
    const { h, id } = await paused(230);
    await setStatus(h, id, "ACTIVE");
    expect(h.deliveryMessages()).toHaveLength(100);
    expect(await releaseHeld(h.ctx, h.now(), unspent)).toEqual({ moved: 130, failed: 0 });
    expect(await deliverAll(h)).toEqual(Array(230).fill("delivered"));
    expect(new Set(h.received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(230);
    expect(await releaseHeld(h.ctx, h.now(), unspent)).toEqual({ moved: 0, failed: 0 });
    expect((await h.webhook(id))?.holds_due_at).toBeNull();
  });

  test("has what comes up while it is paused held, and no attempt of its schedule used", async () => {
    const h = createHarness();
    const { webhook } = await h.subscribe();
    h.world.answer = () => new Response(null, { status: 500 });
    await dispatchOne(h);
    await deliverAll(h);
    await setStatus(h, webhook._id, "SUSPENDED");
    expect(await deliverAll(h)).toEqual(["held"]);
    expect(h.deliveries()[0]).toMatchObject({ state: "PENDING", hold: "paused", attempt_count: 1 });
    expect(h.received).toHaveLength(1);
    h.world.answer = () => new Response("ok");
    await setStatus(h, webhook._id, "ACTIVE");
    expect(await deliverAll(h)).toEqual(["delivered"]);
    expect(h.deliveries()[0]).toMatchObject({ state: "DELIVERED", hold: null, attempt_count: 2 });
  });

  test("that is resumed while the queue is down gets what was held by cron", async () => {
    const { h, id } = await paused(2);
    h.world.queueIsDown = true;
    await setStatus(h, id, "ACTIVE");
    h.world.queueIsDown = false;
    h.advance(2 * MINUTE_MS);
    await releaseHeld(h.ctx, h.now(), unspent);
    await relayDeliveries(h.ctx, h.now(), unspent);
    expect(await deliverAll(h)).toEqual(["delivered", "delivered"]);
  });

  test("that is resumed by a worker that dies at once gets what was held by cron", async () => {
    const { h, id } = await paused(2);
    const { deliveries } = h.ctx.stores;
    const dying = { ...deliveries, heldFor: () => Promise.reject(new Error("killed")) };
    const ctx = { ...h.ctx, stores: { ...h.ctx.stores, deliveries: dying } };
    await expect(
      updateEndpoint({ ctx, input: { webhookId: id, status: "ACTIVE" } }),
    ).rejects.toThrow("killed");
    await releaseHeld(h.ctx, h.now(), unspent);
    expect(await deliverAll(h)).toEqual(["delivered", "delivered"]);
  });

  test("that is removed has what was held in the dead letters", async () => {
    const { h, id } = await paused(3);
    await deleteEndpoint({ ctx: h.ctx, input: { webhookId: id } });
    expect(h.deliveries().map(({ state, error_message }) => [state, error_message])).toEqual(
      Array.from({ length: 3 }, () => ["DEAD", "the endpoint was removed"]),
    );
  });
});

describe("an endpoint whose URL is removed", () => {
  const ENDED = ["DEAD", "the endpoint has no URL any more: its consumer polls"];

  test("has what was held in the dead letters, and gets nothing more", async () => {
    const { h, id } = await paused(2);
    await removeUrl(h, id);
    await dispatchOne(h);
    expect(h.deliveries().map(({ state, error_message }) => [state, error_message])).toEqual([
      ENDED,
      ENDED,
    ]);
  });

  test("has what was to be tried again in the dead letters", async () => {
    const h = createHarness();
    const { webhook } = await h.subscribe();
    h.world.answer = () => new Response(null, { status: 500 });
    await dispatchOne(h);
    expect(await deliverAll(h)).toEqual(["retrying"]);
    await removeUrl(h, webhook._id);
    expect(await deliverAll(h)).toEqual(["dead"]);
    expect(h.deliveries().map(({ state, error_message }) => [state, error_message])).toEqual([
      ENDED,
    ]);
    expect(h.received).toHaveLength(1);
  });
});

describe("a held delivery", () => {
  test("that was held as its endpoint was resumed is found by cron", async () => {
    const { h, id } = await paused(0);
    const asItWas = await h.webhook(id);
    await setStatus(h, id, "ACTIVE");
    await releaseHeld(h.ctx, h.now(), unspent);
    // A dispatch that read the endpoint before, and writes only now.
    const { webhooks } = h.ctx.stores;
    const late = {
      ...webhooks,
      receiversAfter: () => Promise.resolve(asItWas === null ? [] : [requireUrl(asItWas)]),
    };
    const task = await h.taskWith(["task.completed"]);
    const ctx = { ...h.ctx, stores: { ...h.ctx.stores, webhooks: late } };
    await dispatchEvents({ ctx, input: { source: "task", id: task._id } });
    expect(h.published).toEqual([]);
    h.advance(2 * MINUTE_MS);
    expect(await relayDeliveries(h.ctx, h.now(), unspent)).toEqual({ relayed: 1 });
    expect(await deliverAll(h)).toEqual(["delivered"]);
  });

  test("is looked at by cron after two minutes and then once an hour, and costs no message", async () => {
    const { h } = await paused(1);
    h.advance(2 * MINUTE_MS);
    expect(await relayDeliveries(h.ctx, h.now(), unspent)).toEqual({ relayed: 1 });
    h.advance(59 * MINUTE_MS);
    expect(await relayDeliveries(h.ctx, h.now(), unspent)).toEqual({ relayed: 0 });
    h.advance(MINUTE_MS);
    expect(await relayDeliveries(h.ctx, h.now(), unspent)).toEqual({ relayed: 1 });
    expect(h.published).toEqual([]);
  });

  test("is not held any more by who read it before somebody released it", async () => {
    const { h, id } = await paused(1);
    const [seen] = h.deliveries();
    if (seen === undefined) throw new Error("there is no delivery");
    const asItWas = structuredClone(seen);
    h.advance(1_000);
    await setStatus(h, id, "ACTIVE");
    await h.ctx.stores.deliveries.hold(asItWas, "paused", h.now());
    expect(h.deliveries()[0]?.hold).toBeNull();
  });

  test("of an endpoint that is taken out of service goes to the dead letters with the reason", async () => {
    const { h, id } = await paused(120);
    await setStatus(h, id, "ACTIVE");
    h.published.length = 0;
    const webhook = await h.webhook(id);
    if (webhook !== null) await suspendEndpoint({ ctx: h.ctx, webhook, reason: "it failed" });
    await releaseHeld(h.ctx, h.now(), unspent);
    const dead = h.deliveries().filter(({ state }) => state === "DEAD");
    expect(dead).toHaveLength(20);
    expect(new Set(dead.map((one) => one.error_message))).toEqual(
      new Set(["the endpoint is SUSPENDED: it failed"]),
    );
    expect((await h.webhook(id))?.holds_due_at).toBeNull();
  });
});
