import { describe, expect, test } from "vitest";
import {
  crowd,
  deliveries,
  dispatch,
  drain,
  expectAllServed,
  expectInOrder,
  start,
  stored,
  TWO_STEPS,
} from "../../../test/webhooks/crowd.ts";
import { createHarness, type Harness } from "../../../test/webhooks/harness.ts";
import type { PendingEvent, TaskRecord } from "../../ports/task-store.ts";
import { relayEvents } from "../duties/relay-events.ts";
import { updateEndpoint } from "../webhooks/endpoints/update-endpoint.ts";

/** A cron run with time left. */
const unspent = () => false;

const MINUTE_MS = 60_000;

/** Another event comes into a task's outbox. */
async function happen(h: Harness, task: TaskRecord, type: string): Promise<PendingEvent> {
  const before = await stored(h, task);
  const event = {
    event_id: h.ctx.runtime.newId("event"),
    type,
    sequence: before.sequence + 1,
    timestamp: h.now(),
    data: {},
  };
  const patch = { sequence: event.sequence, outbox_at: before.outbox_at ?? h.now() };
  await h.ctx.stores.tasks.change({ expected: before, patch, events: [event], history: [] });
  return event;
}

describe("a fan-out to more endpoints than a step serves", () => {
  test("of 10,000 reaches each once, a bounded number in each step, and settles after the last", async () => {
    const h = createHarness();
    await crowd(h, 10_000);
    const task = await h.taskWith(["task.completed"]);
    expect(await dispatch(h, start(task))).toEqual({ events: 1, deliveries: 1000 });
    for (let next = 0; ; next += 1) {
      const message = h.dispatchMessages()[next];
      if (message === undefined) break;
      expect((await stored(h, task)).pending_events).toHaveLength(1);
      expect((await dispatch(h, message)).deliveries).toBeLessThanOrEqual(1000);
    }
    // The last finds none: the walk ended with a full page.
    expect(h.dispatchMessages()).toHaveLength(10);
    await expectAllServed(h, task, 10_000, 1);
    expect(h.gateway.rows("events")).toHaveLength(1);
    expect(h.world.mirrored).toEqual([task.resource_id]);
  }, 60_000);

  test("of several events at once is bounded by the deliveries too", async () => {
    const h = createHarness();
    await crowd(h, 1200);
    const task = await h.taskWith(["task.created", "task.started", "task.completed"]);
    expect((await dispatch(h, start(task))).deliveries).toBe(2001);
    expect(await drain(h)).toEqual([1599]);
    await expectAllServed(h, task, 1200, 3);
    expectInOrder(h, task.pending_events);
  });

  test("goes on only by the message of the step that is next", async () => {
    const h = createHarness();
    await crowd(h, 2001);
    const task = await h.taskWith(["task.completed"]);
    await dispatch(h, start(task));
    const [second] = h.dispatchMessages();
    if (second === undefined) throw new Error("nothing was handed on");
    expect(await dispatch(h, start(task))).toEqual({ events: 0, deliveries: 0 });
    expect(await dispatch(h, second)).toEqual({ events: 1, deliveries: 1000 });
    expect(await dispatch(h, second)).toEqual({ events: 0, deliveries: 0 });
    expect(await drain(h, 1)).toEqual([1]);
    expect(await dispatch(h, second)).toEqual({ events: 0, deliveries: 0 });
    await expectAllServed(h, task, 2001, 1);
  });

  test("that is begun by two dispatches at once goes on once", async () => {
    const h = createHarness();
    await crowd(h, TWO_STEPS);
    const task = await h.taskWith(["task.created", "task.completed"]);
    await Promise.all([dispatch(h, start(task)), dispatch(h, start(task))]);
    expect(h.dispatchMessages()).toHaveLength(1);
    await drain(h);
    await expectAllServed(h, task, TWO_STEPS, 2);
    expectInOrder(h, task.pending_events);
  });

  test("that another dispatch ended needs no more steps", async () => {
    const h = createHarness();
    await crowd(h, TWO_STEPS);
    const task = await h.taskWith(["task.completed"]);
    await dispatch(h, start(task));
    const eventIds = task.pending_events.map((event) => event.event_id);
    await h.ctx.stores.tasks.clearOutboxes([{ ownerId: task._id, eventIds }]);
    expect(await drain(h)).toEqual([0]);
    expect(await stored(h, task)).toMatchObject({ outbox_at: null, fan_out: null });
  });
});

describe("what changes between two steps", () => {
  test("an event that comes in waits for the end, then goes to all, behind the earlier ones", async () => {
    const h = createHarness();
    await crowd(h, TWO_STEPS);
    const task = await h.taskWith(["task.created"]);
    await dispatch(h, start(task));
    h.advance(1000);
    const later = await happen(h, task, "task.completed");
    expect(await dispatch(h, start(task))).toEqual({ events: 0, deliveries: 0 });
    // The last step of the first event, then two of the later one.
    expect(await drain(h)).toEqual([1, 1000, 1]);
    await expectAllServed(h, task, TWO_STEPS, 2);
    expectInOrder(h, [...task.pending_events, later]);
  });

  test("an endpoint that was deleted gets none, one that was made gets none either, and for one that was paused it is held", async () => {
    const h = createHarness();
    const endpoints = await crowd(h, 1003);
    const task = await h.taskWith(["task.completed"]);
    await dispatch(h, start(task));
    const [deleted, paused] = endpoints.slice(1000);
    if (deleted === undefined || paused === undefined) throw new Error("too few endpoints");
    await h.ctx.stores.webhooks.remove(h.ctx.namespace._id, deleted._id);
    await updateEndpoint({ ctx: h.ctx, input: { webhookId: paused._id, status: "SUSPENDED" } });
    h.advance(1);
    await h.subscribe();
    expect(await drain(h)).toEqual([2]);
    const held = deliveries(h).filter(({ hold }) => hold === "paused");
    expect(held.map(({ webhook_id }) => webhook_id)).toEqual([paused._id]);
    expect(h.deliveryMessages()).toHaveLength(1001);
    expect(await stored(h, task)).toMatchObject({ pending_events: [], outbox_at: null });
  });

  test("an endpoint that subscribed to the event before its page is read gets it", async () => {
    const h = createHarness();
    const endpoints = await crowd(h, TWO_STEPS);
    const last = endpoints.at(-1);
    if (last === undefined) throw new Error("there are no endpoints");
    const change = { webhookId: last._id, event_types: ["task.failed"] };
    await updateEndpoint({ ctx: h.ctx, input: change });
    const task = await h.taskWith(["task.completed"]);
    await dispatch(h, start(task));
    await updateEndpoint({ ctx: h.ctx, input: { ...change, event_types: ["task.*"] } });
    expect(await drain(h)).toEqual([1]);
  });
});

describe("the relay", () => {
  test("leaves a fan-out alone while its next message may come, then hands it on once more", async () => {
    const h = createHarness();
    await crowd(h, TWO_STEPS);
    const task = await h.taskWith(["task.completed"]);
    await dispatch(h, start(task));
    h.advance(MINUTE_MS);
    expect(await relayEvents(h.ctx, h.now(), unspent)).toMatchObject({ tasks: 0 });
    // The message is lost.
    const before = h.dispatchMessages().length;
    h.advance(2 * MINUTE_MS);
    expect(await relayEvents(h.ctx, h.now(), unspent)).toMatchObject({ tasks: 1, failed: 0 });
    expect(await relayEvents(h.ctx, h.now(), unspent)).toMatchObject({ tasks: 0 });
    expect(h.dispatchMessages()).toHaveLength(before + 1);
    expect(await drain(h, before)).toEqual([1]);
    await expectAllServed(h, task, TWO_STEPS, 1);
  });

  test("does the same for an endpoint's own event", async () => {
    const h = createHarness();
    const [owner] = await crowd(h, 1002);
    if (owner === undefined) throw new Error("there are no endpoints");
    const event = {
      event_id: h.ctx.runtime.newId("event"),
      type: "webhook.endpoint.disabled",
      sequence: 1,
      timestamp: h.now(),
      data: {},
    };
    await h.ctx.stores.webhooks.suspend(owner, "gone", event, h.now());
    expect(await dispatch(h, { source: "webhook", id: owner._id })).toMatchObject({
      deliveries: 1000,
    });
    h.advance(3 * MINUTE_MS);
    await relayEvents(h.ctx, h.now(), unspent);
    const again = h.dispatchMessages().at(-1);
    if (again === undefined) throw new Error("nothing was handed on");
    expect(await dispatch(h, again)).toEqual({ events: 1, deliveries: 1 });
    expect(await h.webhook(owner._id)).toMatchObject({ pending_events: [], outbox_at: null });
  });

  test("of many outboxes takes one step of each group and hands the rest to the queue", async () => {
    const h = createHarness();
    await crowd(h, TWO_STEPS);
    const tasks: TaskRecord[] = [];
    for (let index = 0; index < 60; index += 1) tasks.push(await h.taskWith(["task.completed"]));
    h.advance(11_000);
    expect(await relayEvents(h.ctx, h.now(), unspent)).toMatchObject({ tasks: 60, failed: 0 });
    // Fifty tasks to forty endpoints, then ten to two hundred.
    expect(deliveries(h)).toHaveLength(4000);
    expect(h.dispatchMessages()).toHaveLength(60);
  });

  test("begins no other group when the run's time is spent", async () => {
    const h = createHarness();
    for (let index = 0; index < 60; index += 1) await h.taskWith(["task.completed"]);
    h.advance(11_000);
    expect(await relayEvents(h.ctx, h.now(), () => true)).toMatchObject({ tasks: 50 });
    expect(await relayEvents(h.ctx, h.now(), () => true)).toMatchObject({ tasks: 10 });
  });

  test("with the queue down leaves the fan-out where it is, and goes on with the others", async () => {
    const h = createHarness();
    await crowd(h, TWO_STEPS);
    const task = await h.taskWith(["task.completed"]);
    h.world.queueIsDown = true;
    await dispatch(h, start(task));
    h.advance(3 * MINUTE_MS);
    expect(await relayEvents(h.ctx, h.now(), unspent)).toMatchObject({ tasks: 0, failed: 1 });
    h.world.queueIsDown = false;
    expect(await relayEvents(h.ctx, h.now(), unspent)).toMatchObject({ tasks: 1, failed: 0 });
    expect(await drain(h)).toEqual([1]);
    expect(await stored(h, task)).toMatchObject({ pending_events: [], outbox_at: null });
  });
});
