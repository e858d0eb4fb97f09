import { describe, expect, test } from "vitest";
import { createHarness, type Harness } from "../../../../test/webhooks/harness.ts";
import type { DeliveryRecord } from "../../../ports/delivery-store.ts";
import type { DeliveryMessage } from "../../../ports/queue.ts";
import { relayDeliveries } from "../../duties/relay-deliveries.ts";
import { releaseHeld } from "../../duties/release-held.ts";
import { dispatchEvents } from "../../events/dispatch-events.ts";
import { putEventType } from "../../events/types/put-event-type.ts";
import { publishEvent } from "../../events/publish-event.ts";
import { updateEndpoint } from "../endpoints/update-endpoint.ts";
import { attemptDelivery } from "./attempt-delivery.ts";
import { skipDelivery } from "./skip-delivery.ts";

/** A cron run with time left. */
const unspent = () => false;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TYPES = ["task.created", "task.started", "task.completed"] as const;

const broken = () => new Response(null, { status: 500 });
const well = () => new Response("ok");

/** An ordered endpoint, and a task with three events that were dispatched to it. */
async function ordered() {
  const h = createHarness();
  const { webhook } = await h.subscribe({ ordering: "task" });
  const task = await h.taskWith(TYPES);
  await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
  const messages = takeMessages(h);
  return { h, id: webhook._id, taskId: task._id, messages };
}

function takeMessages(h: Harness): readonly DeliveryMessage[] {
  const messages = h.deliveryMessages();
  h.published.length = 0;
  return messages;
}

async function deliver(h: Harness, message: DeliveryMessage | undefined): Promise<string> {
  if (message === undefined) throw new Error("there is no such message");
  const input = { ...message, redelivered: false };
  return (await attemptDelivery({ ctx: h.ctx, input })).kind;
}

/** Delivers until nothing is published any more, retries at once too. */
async function deliverAll(h: Harness): Promise<readonly string[]> {
  const kinds: string[] = [];
  for (let messages = takeMessages(h); messages.length > 0; messages = takeMessages(h)) {
    for (const message of messages) kinds.push(await deliver(h, message));
  }
  return kinds;
}

const got = (h: Harness) =>
  h.received.map(({ body }) => Number(/"sequence":(\d+)/.exec(body)?.[1] ?? 0));

describe("an endpoint that wants a task's events in order", () => {
  test("gets them so, however their messages come", async () => {
    const { h, messages } = await ordered();
    const [first, second, third] = messages;
    expect(await deliver(h, third)).toBe("held");
    expect(await deliver(h, second)).toBe("held");
    expect(await deliver(h, second)).toBe("held");
    expect(h.deliveries().map(({ hold }) => hold)).toEqual([null, "order", "order"]);
    expect(await deliver(h, first)).toBe("delivered");
    expect(await deliverAll(h)).toEqual(["delivered", "delivered"]);
    expect(got(h)).toEqual([1, 2, 3]);
    expect(
      h.deliveries().every(({ state, relay_at }) => state === "DELIVERED" && relay_at === null),
    ).toBe(true);
    for (const message of messages.toReversed()) expect(await deliver(h, message)).toBe("stale");
  });

  test("gets each as the one before succeeds, and no attempt of the schedule is used by waiting", async () => {
    const { h, messages } = await ordered();
    h.world.answer = broken;
    const [first, ...later] = messages;
    expect(await deliver(h, first)).toBe("retrying");
    for (const message of later) expect(await deliver(h, message)).toBe("held");
    h.world.answer = well;
    await deliverAll(h);
    expect(got(h)).toEqual([1, 1, 2, 3]);
    expect(h.deliveries().map(({ attempt_count }) => attempt_count)).toEqual([2, 1, 1]);
  });

  test("gets those of different tasks independently", async () => {
    const { h, messages } = await ordered();
    h.world.answer = broken;
    await deliver(h, messages[0]);
    h.world.answer = well;
    takeMessages(h);
    const other = await h.taskWith(["task.created"]);
    await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: other._id } });
    expect(await deliverAll(h)).toEqual(["delivered"]);
  });

  test("waits for one in the dead letters until its owner skips it; then the next goes on", async () => {
    const { h, messages } = await ordered();
    h.world.answer = broken;
    const [first, second, third] = messages;
    await deliver(h, first);
    await deliverAll(h);
    expect(h.deliveries()[0]?.state).toBe("DEAD");
    h.world.answer = well;
    expect(await deliver(h, second)).toBe("held");
    expect(await deliver(h, third)).toBe("held");
    h.advance(2 * MINUTE_MS);
    await relayDeliveries(h.ctx, h.now(), unspent);
    expect(h.published).toEqual([]);
    const input = { deliveryId: first?.delivery_id ?? "" };
    const skipped = await skipDelivery({ ctx: h.ctx, input });
    expect(skipped).toMatchObject({ state: "SKIPPED", error_message: "skipped by admin" });
    expect(await skipDelivery({ ctx: h.ctx, input })).toEqual(skipped);
    h.received.length = 0;
    await deliverAll(h);
    expect(got(h)).toEqual([2, 3]);
  });

  test("goes on when one in the dead letters is made due again and arrives", async () => {
    const { h, messages } = await ordered();
    h.world.answer = broken;
    for (const message of messages) await deliver(h, message);
    await deliverAll(h);
    const dead = h.deliveries()[0];
    if (dead === undefined) throw new Error("there is no delivery");
    h.world.answer = well;
    h.received.length = 0;
    // What a retry from the dead letters does: the same delivery, PENDING again.
    await h.gateway.updateOne(
      "deliveries",
      { _id: dead._id },
      { $set: { state: "PENDING", error_message: null, relay_at: h.now() } },
    );
    await relayDeliveries(h.ctx, h.now(), unspent);
    await deliverAll(h);
    expect(got(h)).toEqual([1, 2, 3]);
  });

  test("has a delivery that arrived not skipped", async () => {
    const { h, messages } = await ordered();
    await deliver(h, messages[0]);
    const input = { deliveryId: messages[0]?.delivery_id ?? "" };
    await expect(skipDelivery({ ctx: h.ctx, input })).rejects.toMatchObject({
      code: "delivery_not_skippable",
    });
  });

  test("has the next one woken by cron when the recorder of the one before died", async () => {
    const { h, messages } = await ordered();
    for (const message of messages.slice(1)) await deliver(h, message);
    const { deliveries } = h.ctx.stores;
    const dying = { ...deliveries, nextUnsettled: () => Promise.reject(new Error("killed")) };
    const ctx = { ...h.ctx, stores: { ...h.ctx.stores, deliveries: dying } };
    const [first] = messages;
    if (first === undefined) throw new Error("there is no message");
    await expect(attemptDelivery({ ctx, input: { ...first, redelivered: false } })).rejects.toThrow(
      "killed",
    );
    // Those held are looked at after two minutes; put that off, to see that the settled one wakes.
    const held = h.deliveries().slice(1);
    const inAnHour = new Date(h.now().getTime() + HOUR_MS);
    await deliveries.postponeRelays(held, () => ({ relay_at: inAnHour }));
    h.advance(2 * MINUTE_MS);
    await relayDeliveries(h.ctx, h.now(), unspent);
    expect(await deliverAll(h)).toEqual(["delivered", "delivered"]);
    expect(got(h)).toEqual([1, 2, 3]);
  });

  test("has published events of the task neither held nor holding others", async () => {
    const { h, taskId, messages } = await ordered();
    const [first, second] = messages;
    const type = "orders.paid";
    const schema = { type: "object" };
    await putEventType({ ctx: h.ctx, input: { type, request: { schema } } });
    const publish = async () => {
      const request = { type, data: {}, task_id: taskId };
      const { _id } = await publishEvent({ ctx: h.ctx, input: { request, keyed: null } });
      await dispatchEvents({ ctx: h.ctx, input: { source: "event", id: _id } });
      return takeMessages(h).at(-1);
    };
    const isDone = { state: "DELIVERED", relay_at: null };
    const [one, two] = [await publish(), await publish()];
    // Nothing of the task has arrived: it is not held by that.
    expect(await deliver(h, one)).toBe("delivered");
    expect(await h.ctx.stores.deliveries.get(one?.delivery_id ?? "")).toMatchObject(isDone);
    // One that is on its way, or dead, holds no event of the task.
    h.world.answer = broken;
    expect(await deliver(h, two)).toBe("retrying");
    h.world.answer = well;
    expect(await deliver(h, second)).toBe("held");
    expect(await deliver(h, first)).toBe("delivered");
    takeMessages(h);
    expect(await deliver(h, second)).toBe("delivered");
  });

  test("has what waits released when it wants no order any more", async () => {
    const { h, id, messages } = await ordered();
    for (const message of messages.slice(1)) await deliver(h, message);
    await updateEndpoint({ ctx: h.ctx, input: { webhookId: id, ordering: "none" } });
    expect(await deliverAll(h)).toEqual(["delivered", "delivered"]);
  });

  test("gets what was held while it was paused in order too", async () => {
    const h = createHarness();
    const { webhook } = await h.subscribe({ ordering: "task" });
    const input = { webhookId: webhook._id };
    await updateEndpoint({ ctx: h.ctx, input: { ...input, status: "SUSPENDED" } });
    const task = await h.taskWith(TYPES);
    await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
    expect(h.published).toEqual([]);
    await updateEndpoint({ ctx: h.ctx, input: { ...input, status: "ACTIVE" } });
    await releaseHeld(h.ctx, h.now(), unspent);
    for (const message of takeMessages(h).toReversed()) await deliver(h, message);
    await deliverAll(h);
    expect(got(h)).toEqual([1, 2, 3]);
  });
});

describe("a later event can't overtake one", () => {
  test("of which a dispatch that died stored no delivery", async () => {
    const h = createHarness();
    await h.subscribe({ ordering: "task" });
    const task = await h.taskWith(["task.created", "task.completed"]);
    const { deliveries } = h.ctx.stores;
    // An unordered insert of which only the second half was applied before the connection broke.
    const half = {
      ...deliveries,
      insertMany: async (records: readonly DeliveryRecord[]) => {
        await deliveries.insertMany(records.slice(1));
        throw new Error("killed");
      },
    };
    const ctx = { ...h.ctx, stores: { ...h.ctx.stores, deliveries: half } };
    const input = { source: "task", id: task._id } as const;
    await expect(dispatchEvents({ ctx, input })).rejects.toThrow("killed");
    h.advance(2 * MINUTE_MS);
    await relayDeliveries(h.ctx, h.now(), unspent);
    expect(await deliverAll(h)).toEqual(["held"]);
    expect(got(h)).toEqual([]);
    await dispatchEvents({ ctx: h.ctx, input });
    await deliverAll(h);
    expect(got(h)).toEqual([1, 2]);
  });

  test("but doesn't wait for one in the outbox that the endpoint hasn't subscribed to", async () => {
    const h = createHarness();
    await h.subscribe({ ordering: "task", event_types: ["task.completed"] });
    const task = await h.taskWith(["task.created", "task.completed"]);
    const { tasks } = h.ctx.stores;
    const settling = { ...tasks, clearOutboxes: () => Promise.reject(new Error("killed")) };
    const ctx = { ...h.ctx, stores: { ...h.ctx.stores, tasks: settling } };
    const input = { source: "task", id: task._id } as const;
    await expect(dispatchEvents({ ctx, input })).rejects.toThrow("killed");
    expect(await deliverAll(h)).toEqual(["delivered"]);
  });
});
