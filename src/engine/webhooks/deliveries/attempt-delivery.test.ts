import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { createHarness, type Harness } from "../../../../test/webhooks/harness.ts";
import type { DeliveryMessage } from "../../../ports/queue.ts";
import { relayDeliveries } from "../../duties/relay-deliveries.ts";
import { relayEvents } from "../../duties/relay-events.ts";
import { dispatchEvents } from "../../events/dispatch-events.ts";
import { deleteEndpoint } from "../endpoints/delete-endpoint.ts";
import { suspendEndpoint } from "../endpoints/suspend-endpoint.ts";
import { updateEndpoint } from "../endpoints/update-endpoint.ts";
import { attemptDelivery } from "./attempt-delivery.ts";

/** A cron run with time left. */
const unspent = () => false;

const DAY_MS = 24 * 3600_000;

const deliver = (h: Harness, message: DeliveryMessage, redelivered = false) =>
  attemptDelivery({ ctx: h.ctx, input: { ...message, redelivered } });

const failing = () => new Response("broken", { status: 500 });

/** A harness with one endpoint and one event dispatched to it. */
async function dispatched() {
  const h = createHarness();
  const { webhook, secret } = await h.subscribe();
  const first = await dispatchOne(h);
  return { h, webhook, secret, first };
}

async function dispatchOne(h: Harness): Promise<DeliveryMessage> {
  const task = await h.taskWith(["task.completed"]);
  await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
  return lastMessage(h);
}

function lastMessage(h: Harness): DeliveryMessage {
  const message = h.deliveryMessages().at(-1);
  if (message === undefined) throw new Error("nothing was published");
  return message;
}

const stored = (h: Harness, message: DeliveryMessage) =>
  h.ctx.stores.deliveries.get(message.delivery_id);

describe("a first attempt", () => {
  test("that succeeds costs exactly one MongoDB operation", async () => {
    const { h, first } = await dispatched();
    h.gateway.operations.length = 0;
    expect(await deliver(h, first)).toEqual({ kind: "delivered" });
    expect(h.gateway.operations).toEqual(["updateOne deliveries"]);
    expect(await stored(h, first)).toMatchObject({
      state: "DELIVERED",
      attempt_count: 1,
      next_attempt_at: null,
      relay_at: null,
      attempts: [{ attempt: 1, response_status: 200, response_body: "ok", error: null }],
    });
  });

  test("whose message comes again within the queue is not made again", async () => {
    const { h, first } = await dispatched();
    await deliver(h, first);
    expect(await deliver(h, first, true)).toEqual({ kind: "stale" });
    expect(h.received).toHaveLength(1);
  });

  test("made twice at once keeps the webhook-id and schedules one attempt", async () => {
    const { h, first } = await dispatched();
    h.world.answer = failing;
    const reports = await Promise.all([deliver(h, first), deliver(h, first)]);
    expect(reports.map((report) => report.kind).toSorted()).toEqual(["retrying", "stale"]);
    expect(new Set(h.received.map((request) => request.headers.get("webhook-id"))).size).toBe(1);
    expect(h.deliveryMessages().filter((message) => message.attempt === 2)).toHaveLength(1);
    const delivery = await stored(h, first);
    expect(delivery?.attempt_count).toBe(1);
    expect(delivery?.attempts).toHaveLength(2);
  });
});

describe("the retries", () => {
  test("go through the whole schedule, then the delivery is dead with all its attempts", async () => {
    const { h, secret, first } = await dispatched();
    h.world.answer = failing;
    const started = h.now().getTime();
    const at: number[] = [];
    let report = await deliver(h, first);
    at.push(0);
    while (report.kind === "retrying") {
      const next = h.published.at(-1);
      if (next === undefined) throw new Error("nothing was published");
      expect(next.dueAt).toEqual(report.nextAttemptAt);
      h.setTime(next.dueAt);
      at.push((next.dueAt.getTime() - started) / 1000);
      report = await deliver(h, lastMessage(h));
    }
    expect(at).toEqual([0, 5, 305, 2105, 9305, 27_305, 63_305, 99_305]);
    expect(report).toMatchObject({ kind: "dead", reason: expect.stringMatching("all 8 attempts") });
    const delivery = await stored(h, first);
    expect(delivery).toMatchObject({ state: "DEAD", relay_at: null, next_attempt_at: null });
    expect(delivery?.attempts.map((attempt) => attempt.attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);

    expect(h.received).toHaveLength(8);
    expect(new Set(h.received.map((request) => request.body)).size).toBe(1);
    expect(new Set(h.received.map((request) => request.headers.get("webhook-id"))).size).toBe(1);
    expect(
      new Set(h.received.map((request) => request.headers.get("webhook-timestamp"))).size,
    ).toBe(8);
    for (const request of h.received) {
      const signature = request.headers.get("webhook-signature");
      const seconds = Number(request.headers.get("webhook-timestamp"));
      const id = request.headers.get("webhook-id") ?? "";
      expect(signature).toBe(new Webhook(secret).sign(id, new Date(seconds * 1000), request.body));
    }
  });

  test("that come late or twice change nothing", async () => {
    const { h, first } = await dispatched();
    h.world.answer = failing;
    await deliver(h, first);
    const second = lastMessage(h);
    h.world.answer = () => new Response("ok");
    expect(await deliver(h, second)).toEqual({ kind: "delivered" });
    expect(await deliver(h, second)).toEqual({ kind: "stale" });
    expect(await deliver(h, { ...second, attempt: 5 })).toEqual({ kind: "stale" });
    expect(h.received).toHaveLength(2);
  });

  test("wait for Retry-After", async () => {
    const { h, first } = await dispatched();
    h.world.answer = () => new Response(null, { status: 503, headers: { "Retry-After": "600" } });
    await deliver(h, first);
    expect(h.published.at(-1)?.options.delaySeconds).toBe(600);
  });

  test("are published by the relay when the queue was down, once", async () => {
    const { h, first } = await dispatched();
    h.world.answer = failing;
    h.world.queueIsDown = true;
    expect((await deliver(h, first)).kind).toBe("retrying");
    h.world.queueIsDown = false;
    h.advance(60_000);
    expect(await relayDeliveries(h.ctx, h.now(), unspent)).toEqual({ relayed: 0 });
    h.advance(70_000);
    expect(await relayDeliveries(h.ctx, h.now(), unspent)).toEqual({ relayed: 1 });
    expect(await relayDeliveries(h.ctx, h.now(), unspent)).toEqual({ relayed: 0 });
    expect(lastMessage(h)).toMatchObject({ attempt: 2, snapshot: null });
  });

  test("recorded while the relay runs keep the relay time that they set", async () => {
    const { h, first } = await dispatched();
    h.world.answer = failing;
    h.advance(2 * 60_000);
    const { queue } = h.ctx.stores;
    const meanwhile = {
      ...queue,
      publishDeliveries: async (messages: Parameters<typeof queue.publishDeliveries>[0]) => {
        await queue.publishDeliveries(messages);
        await deliver(h, first);
      },
    };
    const ctx = { ...h.ctx, stores: { ...h.ctx.stores, queue: meanwhile } };
    await relayDeliveries(ctx, h.now(), unspent);
    const next = h.now().getTime() + 5_000;
    expect((await stored(h, first))?.relay_at).toEqual(new Date(next + 2 * 60_000));
  });

  test("end when the endpoint is removed or gone: the delivery is dead and says why", async () => {
    for (const [end, reason] of [
      [
        (h: Harness, webhookId: string) => deleteEndpoint({ ctx: h.ctx, input: { webhookId } }),
        /removed/,
      ],
      [
        async (h: Harness, webhookId: string) => {
          const webhook = await h.webhook(webhookId);
          if (webhook !== null) await suspendEndpoint({ ctx: h.ctx, webhook, reason: "gone" });
        },
        /SUSPENDED: gone/,
      ],
    ] as const) {
      const { h, webhook, first } = await dispatched();
      h.world.answer = failing;
      await deliver(h, first);
      await end(h, webhook._id);
      expect((await deliver(h, lastMessage(h))).kind).toBe("dead");
      const delivery = await stored(h, first);
      expect(delivery?.state).toBe("DEAD");
      expect(delivery?.error_message).toMatch(reason);
      expect(h.received).toHaveLength(1);
    }
  });
});

describe("an endpoint", () => {
  test("that answers 410 is suspended at once and says so to the others by event", async () => {
    const { h, webhook, first } = await dispatched();
    h.world.answer = () => new Response(null, { status: 410 });
    expect((await deliver(h, first)).kind).toBe("dead");
    expect(await h.webhook(webhook._id)).toMatchObject({
      status: "SUSPENDED",
      status_reason: expect.stringMatching("410"),
      sequence: 1,
      pending_events: [{ type: "webhook.endpoint.disabled", sequence: 1 }],
    });
    expect(h.published.at(-1)).toMatchObject({
      message: { kind: "dispatch", body: { source: "webhook", id: webhook._id } },
    });
    const { webhook: other } = await h.subscribe({ event_types: ["webhook.*"] });
    h.advance(11_000);
    expect(await relayEvents(h.ctx, h.now(), unspent)).toEqual({
      tasks: 0,
      webhooks: 1,
      failed: 0,
    });
    expect(lastMessage(h).snapshot?.webhook_id).toBe(other._id);
    expect(await h.webhook(webhook._id)).toMatchObject({ pending_events: [], outbox_at: null });
  });

  test("that fails begins a row of failures, and a success ends it", async () => {
    const { h, webhook, first } = await dispatched();
    h.world.answer = failing;
    await deliver(h, first);
    expect((await h.webhook(webhook._id))?.failing_since).toEqual(h.now());
    const second = await dispatchOne(h);
    expect(second.snapshot).toBeNull();
    h.world.answer = () => new Response("ok");
    await deliver(h, second);
    expect((await h.webhook(webhook._id))?.failing_since).toBeNull();
  });

  test("that has failed for five days in a row is suspended, by one delivery only", async () => {
    const { h, webhook, first } = await dispatched();
    h.world.answer = failing;
    await deliver(h, first);
    h.advance(5 * DAY_MS - 1000);
    await deliver(h, await dispatchOne(h));
    expect((await h.webhook(webhook._id))?.status).toBe("ACTIVE");
    const [one, two] = [await dispatchOne(h), await dispatchOne(h)];
    h.advance(1000);
    await Promise.all([deliver(h, one), deliver(h, two)]);
    expect(await h.webhook(webhook._id)).toMatchObject({ status: "SUSPENDED", sequence: 1 });
    expect(h.published.filter(({ message }) => message.kind === "dispatch")).toHaveLength(1);
  });

  test("that is resumed starts with a clean record", async () => {
    const { h, webhook, first } = await dispatched();
    h.world.answer = () => new Response(null, { status: 410 });
    await deliver(h, first);
    const resumed = await updateEndpoint({
      ctx: h.ctx,
      input: { webhookId: webhook._id, status: "ACTIVE" },
    });
    expect(resumed).toMatchObject({ status: "ACTIVE", status_reason: null, failing_since: null });
  });
});

test("an attempt whose record was applied but its answer lost is known as recorded", async () => {
  const { h, first } = await dispatched();
  const outcome = {
    deliveryId: first.delivery_id,
    attempt: {
      write_id: "dlv_nonce",
      attempt: 1,
      at: h.now(),
      latency_ms: 5,
      response_status: 500,
      response_headers: {},
      response_body: "",
      error: "HTTP 500",
    },
    state: "PENDING" as const,
    errorMessage: null,
    nextAttemptAt: h.now(),
    relayAt: h.now(),
    at: h.now(),
  };
  expect(await h.ctx.stores.deliveries.recordAttempt(outcome)).toBe(true);
  expect(await h.ctx.stores.deliveries.recordAttempt(outcome)).toBe(true);
  expect((await stored(h, first))?.attempts).toHaveLength(1);
});
