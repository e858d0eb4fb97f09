import { describe, expect, test } from "vitest";
import { createHarness, type Harness } from "../../../../test/webhooks/harness.ts";
import type { DeliveryMessage } from "../../../ports/queue.ts";
import { relayDeliveries } from "../../duties/relay-deliveries.ts";
import { createDeliveryStore } from "../../../stores/mongo/deliveries.ts";
import { dispatchEvents } from "../../events/dispatch-events.ts";
import { deleteEndpoint } from "../endpoints/delete-endpoint.ts";
import { suspendEndpoint } from "../endpoints/suspend-endpoint.ts";
import { updateEndpoint } from "../endpoints/update-endpoint.ts";
import { attemptDelivery } from "./attempt-delivery.ts";
import { MAX_LOGGED_ATTEMPTS } from "./reopen-deliveries.ts";
import { resendDelivery } from "./resend-delivery.ts";

const unspent = () => false;
const failing = () => new Response("broken", { status: 500 });

const deliver = (h: Harness, message: DeliveryMessage) =>
  attemptDelivery({ ctx: h.ctx, input: { ...message, redelivered: false } });

function lastMessage(h: Harness): DeliveryMessage {
  const message = h.deliveryMessages().at(-1);
  if (message === undefined) throw new Error("nothing was published");
  return message;
}

/** A harness with an event that arrived at its endpoint. */
async function delivered() {
  const h = createHarness();
  const { webhook } = await h.subscribe();
  const task = await h.taskWith(["task.completed"]);
  await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
  const first = lastMessage(h);
  await deliver(h, first);
  return { h, webhook, first, id: first.delivery_id };
}

/** One whose attempts all failed. */
async function dead() {
  const h = createHarness();
  const { webhook } = await h.subscribe();
  const task = await h.taskWith(["task.completed"]);
  await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
  h.world.answer = failing;
  const id = lastMessage(h).delivery_id;
  await failOut(h);
  return { h, webhook, id };
}

/** Makes attempts until none is due. */
async function failOut(h: Harness): Promise<void> {
  let report = await deliver(h, lastMessage(h));
  while (report.kind === "retrying") {
    h.setTime(report.nextAttemptAt);
    report = await deliver(h, lastMessage(h));
  }
}

const resend = (h: Harness, deliveryId: string, key: string | null = null) =>
  resendDelivery({ ctx: h.ctx, input: { deliveryId, key } });

const stored = (h: Harness, id: string) => h.ctx.stores.deliveries.get(id);

describe("a delivery that is sent again", () => {
  test("after it arrived is the same one: its webhook-id and body, its attempts numbered on", async () => {
    const { h, id } = await delivered();
    const published = h.published.length;
    expect(await resend(h, id)).toMatchObject({
      state: "PENDING",
      attempt_count: 1,
      schedule_from: 1,
    });
    expect(h.published).toHaveLength(published + 1);
    expect(lastMessage(h)).toEqual({ delivery_id: id, attempt: 2, snapshot: null });
    expect(await deliver(h, lastMessage(h))).toEqual({ kind: "delivered" });
    const delivery = await stored(h, id);
    expect(delivery?.attempts.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(new Set(h.received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
    expect(new Set(h.received.map(({ body }) => body)).size).toBe(1);
  });

  test("from the dead letters gets the whole schedule anew", async () => {
    const { h, webhook, id } = await dead();
    // Whoever repaired the endpoint resumes it, which begins its count of failures anew.
    const resume = { webhookId: webhook._id, status: "ACTIVE" } as const;
    await updateEndpoint({ ctx: h.ctx, input: resume });
    const started = h.now().getTime();
    await resend(h, id);
    await failOut(h);
    expect((h.now().getTime() - started) / 1000).toBe(99_305);
    expect(await stored(h, id)).toMatchObject({
      state: "DEAD",
      attempt_count: 16,
      error_message: "all 8 attempts since it was resent failed; the last: HTTP 500",
    });
    expect(h.received).toHaveLength(16);
  });

  test("while it is on its way is not sent twice", async () => {
    const { h, id } = await delivered();
    await resend(h, id);
    const published = h.published.length;
    expect(await resend(h, id, "k")).toMatchObject({ state: "PENDING" });
    h.world.answer = failing;
    await deliver(h, lastMessage(h));
    expect(await resend(h, id)).toMatchObject({ state: "PENDING", attempt_count: 2 });
    expect(h.published).toHaveLength(published + 1);
  });

  test("by the same Idempotency-Key is not sent twice, even after it arrived", async () => {
    const { h, id } = await delivered();
    await resend(h, id, "k");
    await deliver(h, lastMessage(h));
    expect(await resend(h, id, "k")).toMatchObject({ state: "DELIVERED" });
    expect(await resend(h, id, "other")).toMatchObject({ state: "PENDING" });
  });

  test("by two calls at once is published once", async () => {
    const { h, id } = await delivered();
    const published = h.published.length;
    await Promise.all([resend(h, id), resend(h, id)]);
    expect(h.published).toHaveLength(published + 1);
  });

  test("within ten minutes of its last message is no duplicate to the queue", async () => {
    const { h, webhook, first } = await delivered();
    const task = await h.taskWith(["task.completed"]);
    await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
    const { delivery_id } = lastMessage(h);
    expect(delivery_id).not.toBe(first.delivery_id);
    await suspendEndpoint({ ctx: h.ctx, webhook, reason: "it answered 410 Gone" });
    await deliver(h, { delivery_id, attempt: 1, snapshot: null });
    const resume = { webhookId: webhook._id, status: "ACTIVE" } as const;
    await updateEndpoint({ ctx: h.ctx, input: resume });
    const published = h.published.length;
    await resend(h, delivery_id);
    expect(h.published).toHaveLength(published + 1);
    expect(await deliver(h, lastMessage(h))).toEqual({ kind: "delivered" });
  });

  test("with the queue down is published by the relay", async () => {
    const { h, id } = await delivered();
    h.world.queueIsDown = true;
    expect(await resend(h, id)).toMatchObject({ state: "PENDING" });
    h.world.queueIsDown = false;
    h.advance(2 * 60_000);
    expect(await relayDeliveries(h.ctx, h.now(), unspent)).toEqual({ relayed: 1 });
    expect(await deliver(h, lastMessage(h))).toEqual({ kind: "delivered" });
  });

  test("is not undone by a late copy of an earlier message, which is only logged", async () => {
    const { h, id, first } = await delivered();
    await resend(h, id);
    expect(await deliver(h, first)).toEqual({ kind: "stale" });
    expect(await stored(h, id)).toMatchObject({ state: "PENDING", attempt_count: 1 });
    expect(await deliver(h, lastMessage(h))).toEqual({ kind: "delivered" });
    expect((await stored(h, id))?.attempts.map(({ attempt }) => attempt)).toEqual([1, 1, 2]);
  });

  test("between the purge's look and its deletion is kept", async () => {
    const { h, id } = await delivered();
    h.advance(1000);
    const { gateway } = h;
    const purging = createDeliveryStore({
      ...gateway,
      deleteMany: async (collection, filter) => {
        await resend(h, id);
        return gateway.deleteMany(collection, filter);
      },
    });
    expect(await purging.purge(h.now(), 10)).toBe(0);
    expect(await stored(h, id)).toMatchObject({ state: "PENDING" });
  });
});

describe("a delivery is not sent again", () => {
  test("to an endpoint that was removed or is not ACTIVE", async () => {
    const { h, webhook, id } = await delivered();
    const webhookId = webhook._id;
    await updateEndpoint({ ctx: h.ctx, input: { webhookId, status: "SUSPENDED" } });
    await expect(resend(h, id)).rejects.toMatchObject({
      code: "webhook_not_active",
      message: "Its endpoint is SUSPENDED: paused by admin. Resume it first.",
    });
    await deleteEndpoint({ ctx: h.ctx, input: { webhookId } });
    await expect(resend(h, id)).rejects.toMatchObject({
      code: "webhook_not_active",
      message: expect.stringMatching("removed"),
    });
    expect(await stored(h, id)).toMatchObject({ state: "DELIVERED" });
  });

  test("when its event is gone, or its log is full", async () => {
    const { h, id } = await delivered();
    const { deliveries, events } = h.ctx.stores;
    h.advance(1000);
    await events.purge(h.now(), 10);
    await expect(resend(h, id)).rejects.toMatchObject({ code: "delivery_not_resendable" });
    const one = await stored(h, id);
    if (one === null) throw new Error("it was there");
    const full = {
      ...one,
      _id: h.ctx.runtime.newId("delivery"),
      attempt_count: MAX_LOGGED_ATTEMPTS,
    };
    await deliveries.insertMany([full]);
    await expect(resend(h, full._id)).rejects.toMatchObject({ code: "delivery_not_resendable" });
  });

  test("from another namespace", async () => {
    const { h, id } = await delivered();
    const ctx = { ...h.ctx, namespace: { _id: h.ctx.runtime.newId("namespace"), name: "other" } };
    await expect(
      resendDelivery({ ctx, input: { deliveryId: id, key: null } }),
    ).rejects.toMatchObject({ code: "not_found" });
  });
});
