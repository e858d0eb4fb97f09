import { afterEach, describe, expect, test, vi } from "vitest";
import { crowd, drain, TWO_STEPS } from "../../../../test/webhooks/crowd.ts";
import { createHarness, type Harness } from "../../../../test/webhooks/harness.ts";
import type { DeliveryRecord, EventRecord } from "../../../ports/delivery-store.ts";
import { NonRetryableError } from "../../../ports/errors.ts";
import type { DeliveryMessage } from "../../../ports/queue.ts";
import { relayDeliveries } from "../../duties/relay-deliveries.ts";
import { dispatchEvents } from "../../events/dispatch-events.ts";
import { updateEndpoint } from "../endpoints/update-endpoint.ts";
import { requestDispatch } from "../../tasks/request-dispatch.ts";
import { attemptDelivery } from "./attempt-delivery.ts";
import { deliveriesOfTask } from "./read-deliveries.ts";
import { resendDelivery } from "./resend-delivery.ts";
import { retryDeliveries } from "./retry-deliveries.ts";
import { SUBSCRIBER_TIMEOUT_MS } from "./run-subscriber.ts";
import { skipDelivery } from "./skip-delivery.ts";
import type { SubscriberContext } from "../../subscriber.ts";

afterEach(() => vi.useRealTimers());

/** A cron run with time left. */
const unspent = () => false;

type Call = { readonly event: EventRecord; readonly ctx: SubscriberContext };

/** A harness with one subscriber in code, which keeps its calls and does what `behave` says. */
function setUp(behave: (call: Call) => Promise<void> = () => Promise.resolve()) {
  const calls: Call[] = [];
  const subscriber = {
    name: "crm",
    eventTypes: ["task.completed", "task.failed"],
    handle: (event: EventRecord, ctx: SubscriberContext) => {
      calls.push({ event, ctx });
      return behave({ event, ctx });
    },
  };
  return { h: createHarness({ subscribers: [subscriber] }), calls };
}

const deliver = (h: Harness, message: DeliveryMessage, redelivered = false) =>
  attemptDelivery({ ctx: h.ctx, input: { ...message, redelivered } });

async function dispatched(h: Harness, types: readonly string[] = ["task.completed"]) {
  const task = await h.taskWith(types);
  await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
  return task;
}

function last(h: Harness): DeliveryMessage {
  const message = h.deliveryMessages().at(-1);
  if (message === undefined) throw new Error("nothing was published");
  return message;
}

async function stored(h: Harness, { delivery_id }: DeliveryMessage): Promise<DeliveryRecord> {
  const delivery = await h.ctx.stores.deliveries.get(delivery_id);
  if (delivery === null) throw new Error("there is no delivery");
  return delivery;
}

const refuse = () => Promise.reject(new Error("the CRM is down"));

describe("a subscriber in code", () => {
  test("gets each event of its types, as a delivery that stands in the task's history", async () => {
    const { h, calls } = setUp();
    const task = await dispatched(h, ["task.created", "task.completed"]);
    expect(h.deliveryMessages()).toHaveLength(1);
    expect(await deliver(h, last(h))).toEqual({ kind: "delivered" });
    const [call] = calls;
    expect(call?.event).toMatchObject({ type: "task.completed", task_id: task._id, sequence: 2 });
    expect(call?.ctx).toMatchObject({ idempotencyId: last(h).delivery_id, attempt: 1 });
    expect(await deliveriesOfTask({ ctx: h.ctx, taskId: task._id })).toMatchObject([
      { webhook_id: null, subscriber: "crm", event_type: "task.completed", status: "COMPLETED" },
    ]);
  });

  test("gets an event once, however often it is dispatched and its message comes", async () => {
    const { h, calls } = setUp();
    await dispatched(h);
    await deliver(h, last(h));
    expect(await deliver(h, last(h))).toEqual({ kind: "stale" });
    expect(await deliver(h, last(h), true)).toEqual({ kind: "stale" });
    expect(calls).toHaveLength(1);
  });

  test("is called again under the same id when what it did was not recorded", async () => {
    const { h, calls } = setUp();
    await dispatched(h);
    const { stores } = h.ctx;
    const deliveries = { ...stores.deliveries, recordAttempt: refuse };
    const dying = { ...stores, deliveries };
    const input = { ...last(h), redelivered: false };
    await expect(attemptDelivery({ ctx: { ...h.ctx, stores: dying }, input })).rejects.toThrow();
    expect(await deliver(h, last(h), true)).toEqual({ kind: "delivered" });
    expect(calls).toHaveLength(2);
    expect(new Set(calls.map(({ ctx }) => ctx.idempotencyId)).size).toBe(1);
  });

  test("gets what its queue's message lost from the relay", async () => {
    const { h, calls } = setUp();
    h.world.queueIsDown = true;
    await dispatched(h);
    h.world.queueIsDown = false;
    h.advance(3 * 60_000);
    expect(await relayDeliveries(h.ctx, h.now(), unspent)).toEqual({ relayed: 1 });
    await deliver(h, last(h));
    expect(calls).toHaveLength(1);
  });

  test("delays no endpoint by failing", async () => {
    const { h } = setUp(refuse);
    const { webhook } = await h.subscribe();
    await dispatched(h);
    const reports = await Promise.all(h.deliveryMessages().map((message) => deliver(h, message)));
    expect(reports.map(({ kind }) => kind).toSorted()).toEqual(["delivered", "retrying"]);
    expect(await h.webhook(webhook._id)).toMatchObject({ failing_since: null });
  });

  test("gets one delivery of an event that goes to endpoints in many steps", async () => {
    const { h } = setUp();
    await crowd(h, TWO_STEPS);
    await dispatched(h);
    await drain(h);
    const own = h.gateway
      .rows("deliveries")
      .filter((row) => Reflect.get(row, "webhook_id") === "subscriber:crm");
    expect(own).toHaveLength(1);
  });
});

describe("a subscriber that fails", () => {
  test("is called by the schedule of webhooks, then the delivery is dead with all its attempts", async () => {
    const { h, calls } = setUp(refuse);
    await dispatched(h);
    let report = await deliver(h, last(h));
    while (report.kind === "retrying") {
      expect(h.published.at(-1)?.dueAt).toEqual(report.nextAttemptAt);
      h.setTime(report.nextAttemptAt);
      report = await deliver(h, last(h));
    }
    const reason = "all 8 attempts failed; the last: the CRM is down";
    expect(report).toEqual({ kind: "dead", reason });
    const delivery = await stored(h, last(h));
    expect(delivery).toMatchObject({ state: "DEAD", error_message: reason, relay_at: null });
    expect(delivery.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(delivery.attempts[0]).toMatchObject({ error: "the CRM is down", response_status: null });
    expect(calls.map(({ ctx }) => ctx.attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(new Set(calls.map(({ ctx }) => ctx.idempotencyId)).size).toBe(1);
  });

  test("for good is not called again", async () => {
    const { h } = setUp(() => Promise.reject(new NonRetryableError("no_customer", "Who is that?")));
    await dispatched(h);
    const reason = "no_customer: Who is that?";
    expect(await deliver(h, last(h))).toEqual({ kind: "dead", reason });
    expect(await stored(h, last(h))).toMatchObject({ state: "DEAD", error_message: reason });
  });

  test("by throwing before it gives a promise is one that failed", async () => {
    const { h } = setUp(() => {
      throw new Error("at once");
    });
    await dispatched(h);
    expect((await deliver(h, last(h))).kind).toBe("retrying");
  });

  test("by taking too long is told so by its signal, and what it does later doesn't count", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { h, calls } = setUp(() => new Promise(() => undefined));
    await dispatched(h);
    const report = deliver(h, last(h));
    await vi.advanceTimersByTimeAsync(SUBSCRIBER_TIMEOUT_MS - 1);
    expect(calls[0]?.ctx.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect((await report).kind).toBe("retrying");
    expect(calls[0]?.ctx.signal.aborted).toBe(true);
    const [first] = h.deliveryMessages();
    if (first === undefined) throw new Error("nothing was published");
    expect((await stored(h, first)).attempts).toMatchObject([{ error: "not done within 30 s" }]);
  });

  test("since this version of the worker doesn't have it gets another attempt", async () => {
    const { h } = setUp();
    await dispatched(h);
    const ctx = { ...h.ctx, subscribers: new Map() };
    const input = { ...last(h), redelivered: false };
    expect((await attemptDelivery({ ctx, input })).kind).toBe("retrying");
    h.advance(5000);
    expect(await deliver(h, last(h))).toEqual({ kind: "delivered" });
  });

  test("and whose event is no longer kept is dead", async () => {
    const { h, calls } = setUp();
    await dispatched(h);
    await h.ctx.stores.events.purge(new Date(h.now().getTime() + 1), 10);
    expect(await deliver(h, last(h))).toMatchObject({ kind: "dead" });
    expect(calls).toEqual([]);
  });
});

/** A subscriber that failed for good, and the message of that attempt. */
async function dead() {
  const world = { isDown: true };
  const { h, calls } = setUp(() =>
    world.isDown ? Promise.reject(new NonRetryableError("down", "No.")) : Promise.resolve(),
  );
  await dispatched(h);
  const id = last(h).delivery_id;
  await deliver(h, last(h));
  expect(await stored(h, last(h))).toMatchObject({ state: "DEAD" });
  world.isDown = false;
  return { h, calls, id };
}

describe("a subscriber's dead letter", () => {
  test("is sent again by a resend, as the same delivery, with its attempts numbered on", async () => {
    const { h, calls, id } = await dead();
    const input = { deliveryId: id, key: "again" };
    expect(await resendDelivery({ ctx: h.ctx, input })).toMatchObject({ state: "PENDING" });
    expect(last(h)).toMatchObject({ delivery_id: id, attempt: 2 });
    expect(await deliver(h, last(h))).toEqual({ kind: "delivered" });
    expect(calls.map(({ ctx }) => [ctx.idempotencyId, ctx.attempt])).toEqual([
      [id, 1],
      [id, 2],
    ]);
    // The same call once more, and one without its key: only that sends it a third time.
    expect(await resendDelivery({ ctx: h.ctx, input })).toMatchObject({ state: "DELIVERED" });
    await resendDelivery({ ctx: h.ctx, input: { deliveryId: id, key: null } });
    expect(last(h)).toMatchObject({ attempt: 3 });
  });

  test("is among those that a bulk retry sends again, beside those of endpoints", async () => {
    const { h, id } = await dead();
    const { webhook } = await h.subscribe();
    const retried = await retryDeliveries({ ctx: h.ctx, input: { event_type: "*", key: null } });
    expect(retried.results).toMatchObject([{ delivery_id: id, accepted: true, code: null }]);
    expect(await deliver(h, last(h))).toEqual({ kind: "delivered" });
    expect(await h.webhook(webhook._id)).toEqual(webhook);
  });

  test("with the queue down is published by the relay once it was sent again", async () => {
    const { h, id } = await dead();
    h.world.queueIsDown = true;
    await resendDelivery({ ctx: h.ctx, input: { deliveryId: id, key: null } });
    h.world.queueIsDown = false;
    h.advance(3 * 60_000);
    expect(await relayDeliveries(h.ctx, h.now(), unspent)).toEqual({ relayed: 1 });
    expect(await deliver(h, last(h))).toEqual({ kind: "delivered" });
  });

  test("is skipped like an endpoint's, and nothing comes back to it", async () => {
    const { h, id } = await dead();
    await skipDelivery({ ctx: h.ctx, input: { deliveryId: id } });
    expect(await stored(h, last(h))).toMatchObject({ state: "SKIPPED", relay_at: null });
  });
});

test("no hold of an endpoint touches a subscriber: paused, ordered and failing ones wait alone", async () => {
  const { h, calls } = setUp();
  const { webhook } = await h.subscribe({ ordering: "task" });
  await updateEndpoint({ ctx: h.ctx, input: { webhookId: webhook._id, status: "SUSPENDED" } });
  await dispatched(h, ["task.completed", "task.failed"]);
  const [first, second] = h.deliveryMessages();
  if (first === undefined || second === undefined) throw new Error("nothing was published");
  // In the other order, which the endpoint would not take.
  expect(await deliver(h, second)).toEqual({ kind: "delivered" });
  expect(await deliver(h, first)).toEqual({ kind: "delivered" });
  expect(calls.map(({ event }) => event.sequence)).toEqual([2, 1]);
  const holds = h.deliveries().map(({ webhook_id, hold }) => `${webhook_id} ${hold}`);
  expect(new Set(holds)).toEqual(new Set([`${webhook._id} paused`, "subscriber:crm null"]));
});

test("a dispatch is asked for when only a subscriber in code wants the events, and not else", async () => {
  const { h } = setUp();
  for (const [types, asked] of [
    [["task.created"], 0],
    [["task.created", "task.failed"], 1],
  ] as const) {
    await requestDispatch({ ctx: h.ctx, task: await h.taskWith(types) });
    expect(h.dispatchMessages()).toHaveLength(asked);
  }
});
