import { describe, expect, test } from "vitest";
import { createHarness, type Harness } from "../../../test/webhooks/harness.ts";
import type { EndpointRecord } from "../../ports/endpoint-store.ts";
import { isSubscribed } from "./match.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";
import { relayDeliveries } from "../duties/relay-deliveries.ts";
import { relayEvents } from "../duties/relay-events.ts";
import { suspendEndpoint } from "../webhooks/endpoints/suspend-endpoint.ts";
import { dispatchEvents } from "./dispatch-events.ts";

/** A cron run with time left. */
const unspent = () => false;

const dispatch = (h: Harness, id: string) =>
  dispatchEvents({ ctx: h.ctx, input: { source: "task", id } });

describe("a dispatch", () => {
  test("logs the events, makes a delivery for each endpoint, and settles the outbox", async () => {
    const h = createHarness();
    const { webhook } = await h.subscribe({ event_types: ["task.completed"] });
    await h.subscribe({ event_types: ["task.*"] });
    const task = await h.taskWith(["task.created", "task.completed"]);
    expect(await dispatch(h, task._id)).toEqual({ events: 2, deliveries: 3 });
    expect(h.gateway.rows("events")).toHaveLength(2);
    expect(h.gateway.rows("deliveries")).toHaveLength(3);
    expect(h.world.mirrored).toEqual([task.resource_id]);
    expect(await h.ctx.stores.tasks.get(task._id)).toMatchObject({
      pending_events: [],
      outbox_at: null,
    });
    const toFirst = h
      .deliveryMessages()
      .filter((message) => message.snapshot?.webhook_id === webhook._id);
    expect(toFirst).toHaveLength(1);
    expect(toFirst[0]?.attempt).toBe(1);
    expect(toFirst[0]?.delivery_id).toMatch(/^dlv_[0-9a-f]{32}$/);
    expect(JSON.stringify(toFirst)).not.toContain("whsec_");
  });

  test("that comes twice does nothing more", async () => {
    const h = createHarness();
    await h.subscribe();
    const task = await h.taskWith(["task.completed"]);
    await dispatch(h, task._id);
    expect(await dispatch(h, task._id)).toEqual({ events: 0, deliveries: 0 });
    expect(h.deliveryMessages()).toHaveLength(1);
  });

  test("that crashed before any of its writes is repeated without a second delivery", async () => {
    const steps = ["events", "receiversAfter", "deliveries", "publish", "settle"] as const;
    for (const step of steps) {
      const h = createHarness();
      await h.subscribe();
      const task = await h.taskWith(["task.created", "task.completed"]);
      await expect(
        dispatchEvents({ ctx: crashingAt(h, step), input: { source: "task", id: task._id } }),
      ).rejects.toThrow("crash");
      h.advance(60_000);
      await dispatch(h, task._id);
      expect(h.gateway.rows("events"), step).toHaveLength(2);
      expect(h.gateway.rows("deliveries"), step).toHaveLength(2);
      expect(h.deliveryMessages(), step).toHaveLength(2);
      expect((await h.ctx.stores.tasks.get(task._id))?.pending_events, step).toEqual([]);
    }
  });

  test("without subscribers logs the events and sends no message", async () => {
    const h = createHarness();
    const task = await h.taskWith(["task.completed"]);
    expect(await dispatch(h, task._id)).toEqual({ events: 1, deliveries: 0 });
    expect(h.published).toEqual([]);
  });

  test("leaves out who subscribed after the event, failed for good, or is of another namespace", async () => {
    const h = createHarness();
    const other = createHarness();
    const { webhook: foreign } = await other.subscribe();
    await h.ctx.stores.webhooks.insert(foreign);
    const { webhook: gone } = await h.subscribe();
    await suspendEndpoint({ ctx: h.ctx, webhook: gone, reason: "it answered 410" });
    await h.ctx.stores.webhooks.clearOutbox(gone._id, []);
    const task = await h.taskWith(["task.completed"]);
    h.advance(1);
    await h.subscribe();
    expect(await dispatch(h, task._id)).toEqual({ events: 1, deliveries: 0 });
  });

  test("reaches endpoints beyond the first page", async () => {
    const h = createHarness();
    for (let index = 0; index < 205; index++) await h.subscribe();
    const task = await h.taskWith(["task.completed"]);
    expect(await dispatch(h, task._id)).toEqual({ events: 1, deliveries: 205 });
    expect(new Set(h.deliveryMessages().map((one) => one.delivery_id)).size).toBe(205);
  });

  test("finds in the database each endpoint that is subscribed, whatever its filters", async () => {
    const h = createHarness();
    const types = ["*", "task.*", "task.completed", "task.created", "webhook.endpoint.disabled"];
    const taskTypes = [[], ["api_buckets_batches_process"], ["engine_cluster_build"]];
    const tags = [[], ["nightly"], ["daily"], ["daily", "nightly"]];
    const webhooks: EndpointRecord[] = [];
    for (const type of types) {
      for (const task_types of taskTypes) {
        for (const one of tags) {
          const input = { event_types: [type], task_types, tags: one };
          webhooks.push((await h.subscribe(input)).webhook);
        }
      }
    }
    const task = await h.taskWith(["task.started", "task.completed"]);
    await dispatch(h, task._id);
    const expected = webhooks.flatMap((webhook) =>
      task.pending_events.filter((event) => isSubscribed(webhook, event)).map(() => webhook._id),
    );
    const made = h.deliveries().map(({ webhook_id }) => webhook_id);
    expect(made.toSorted()).toEqual(expected.toSorted());
    expect(new Set(made).size).toBeGreaterThan(5);
  });

  test("with the queue down stores the deliveries, and the relay publishes them", async () => {
    const h = createHarness();
    await h.subscribe();
    const task = await h.taskWith(["task.completed"]);
    h.world.queueIsDown = true;
    expect(await dispatch(h, task._id)).toEqual({ events: 1, deliveries: 1 });
    h.advance(2 * 60_000);
    await expect(relayDeliveries(h.ctx, h.now(), unspent)).rejects.toThrow(StoreUnavailableError);
    h.world.queueIsDown = false;
    expect(await relayDeliveries(h.ctx, h.now(), unspent)).toEqual({ relayed: 1 });
    expect(await relayDeliveries(h.ctx, h.now(), unspent)).toEqual({ relayed: 0 });
    expect(h.deliveryMessages()).toMatchObject([{ attempt: 1, snapshot: null }]);
  });
});

describe("the relay of events", () => {
  test("dispatches outboxes older than ten seconds, and leaves younger ones alone", async () => {
    const h = createHarness();
    await h.subscribe();
    await h.taskWith(["task.completed"]);
    h.advance(9_000);
    expect((await relayEvents(h.ctx, h.now(), unspent)).tasks).toBe(0);
    h.advance(2_000);
    expect(await relayEvents(h.ctx, h.now(), unspent)).toEqual({
      tasks: 1,
      webhooks: 0,
      failed: 0,
    });
    expect(h.deliveryMessages()).toHaveLength(1);
  });

  test("logs all events of a namespace without endpoints in one write", async () => {
    const h = createHarness();
    const tasks = [
      await h.taskWith(["task.created"]),
      await h.taskWith(["task.created", "task.started"]),
    ];
    h.advance(11_000);
    h.gateway.operations.length = 0;
    expect(await relayEvents(h.ctx, h.now(), unspent)).toEqual({
      tasks: 2,
      webhooks: 0,
      failed: 0,
    });
    expect(h.gateway.rows("events")).toHaveLength(3);
    expect(h.gateway.operations.filter((one) => one === "insertMany events")).toHaveLength(1);
    expect(h.world.mirrored).toHaveLength(2);
    for (const task of tasks) {
      expect((await h.ctx.stores.tasks.get(task._id))?.outbox_at).toBeNull();
    }
  });
});

describe("an outbox", () => {
  test("that two dispatches took apart between them is not due any more", async () => {
    const h = createHarness();
    const { tasks } = h.ctx.stores;
    const task = await h.taskWith(["task.created", "task.started"]);
    const [first, second] = task.pending_events.map((event) => event.event_id);
    // One saw only the first event and comes between the other's look and its end.
    await tasks.clearOutboxes([{ ownerId: task._id, eventIds: [String(first)] }]);
    expect(await tasks.get(task._id)).toMatchObject({ outbox_at: task.outbox_at });
    await tasks.clearOutboxes([{ ownerId: task._id, eventIds: [String(first), String(second)] }]);
    expect(await tasks.get(task._id)).toMatchObject({ pending_events: [], outbox_at: null });
  });

  test("that can't be dispatched holds up no other", async () => {
    const h = createHarness();
    const [good, bad] = [await h.taskWith(["task.created"]), await h.taskWith(["task.created"])];
    h.advance(11_000);
    const { stores } = h.ctx;
    const events: typeof stores.events = {
      ...stores.events,
      insertMany: async (rows) => {
        if (rows.some((row) => row.task_id === bad._id)) throw new Error("a bad event");
        await stores.events.insertMany(rows);
      },
    };
    const ctx = { ...h.ctx, stores: { ...stores, events } };
    expect(await relayEvents(ctx, h.now(), unspent)).toEqual({ tasks: 1, webhooks: 0, failed: 1 });
    expect((await stores.tasks.get(good._id))?.outbox_at).toBeNull();
    expect((await stores.tasks.get(bad._id))?.pending_events).toHaveLength(1);
  });
});

const crash = () => Promise.reject(new Error("crash"));

/** The context of a worker that dies as it gets to a step. */
function crashingAt(
  h: Harness,
  step: "events" | "receiversAfter" | "deliveries" | "publish" | "settle",
) {
  const { stores } = h.ctx;
  return {
    ...h.ctx,
    stores: {
      ...stores,
      events: step === "events" ? { ...stores.events, insertMany: crash } : stores.events,
      webhooks:
        step === "receiversAfter" ? { ...stores.webhooks, receiversAfter: crash } : stores.webhooks,
      deliveries:
        step === "deliveries" ? { ...stores.deliveries, insertMany: crash } : stores.deliveries,
      queue: step === "publish" ? { ...stores.queue, publishDeliveries: crash } : stores.queue,
      tasks: step === "settle" ? { ...stores.tasks, clearOutboxes: crash } : stores.tasks,
    },
  };
}
