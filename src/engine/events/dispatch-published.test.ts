import { describe, expect, test } from "vitest";
import { crowd, deliveries, dispatch, drain, TWO_STEPS } from "../../../test/webhooks/crowd.ts";
import { createHarness, type Harness } from "../../../test/webhooks/harness.ts";
import { relayPublished } from "../duties/relay-events.ts";
import { putEventType } from "./types/put-event-type.ts";
import { publishEvent } from "./publish-event.ts";

/** A cron run with time left. */
const unspent = () => false;

const MINUTE_MS = 60_000;
const TYPE = "orders.paid";

async function register(h: Harness): Promise<void> {
  const request = { schema: { type: "object" } };
  await putEventType({ ctx: h.ctx, input: { type: TYPE, request } });
}

/** Publishes an event; its id. The message that asks for its dispatch is the newest. */
async function publish(h: Harness, data: Record<string, unknown> = {}): Promise<string> {
  const request = { type: TYPE, data };
  const event = await publishEvent({ ctx: h.ctx, input: { request, keyed: null } });
  return event._id;
}

/** An event published to so many endpoints. */
async function published(endpoints: number) {
  const h = createHarness();
  await register(h);
  await crowd(h, endpoints);
  return { h, id: await publish(h) };
}

/** Each endpoint has one delivery of the event, with a message, and nothing more is due. */
async function expectServed(h: Harness, id: string, endpoints: number): Promise<void> {
  const own = deliveries(h).filter(({ event_id }) => event_id === id);
  expect(own).toHaveLength(endpoints);
  expect(new Set(own.map(({ webhook_id }) => webhook_id)).size).toBe(endpoints);
  const asked = new Set(h.deliveryMessages().map(({ delivery_id }) => delivery_id));
  expect(own.every(({ _id }) => asked.has(_id))).toBe(true);
  expect(await h.ctx.stores.events.getPublished(id)).toMatchObject({
    outbox_at: null,
    fan_out: null,
  });
}

describe("a published event", () => {
  test("reaches more endpoints than a step serves in bounded steps, each once", async () => {
    const { h, id } = await published(2001);
    expect(await drain(h)).toEqual([1000, 1000, 1]);
    await expectServed(h, id, 2001);
    expect(h.gateway.rows("events")).toHaveLength(1);
  });

  test("goes on only by the message of the step that is next", async () => {
    const { h, id } = await published(TWO_STEPS);
    const [first] = h.dispatchMessages();
    if (first === undefined) throw new Error("no dispatch was asked for");
    expect(await dispatch(h, first)).toEqual({ events: 1, deliveries: 1000 });
    expect(await dispatch(h, first)).toEqual({ events: 0, deliveries: 0 });
    expect(await drain(h, 1)).toEqual([1]);
    for (const message of h.dispatchMessages()) {
      expect(await dispatch(h, message)).toEqual({ events: 0, deliveries: 0 });
    }
    await expectServed(h, id, TWO_STEPS);
  });

  test("that is dispatched twice at once is sent once", async () => {
    const { h, id } = await published(TWO_STEPS);
    const message = { source: "event", id } as const;
    await Promise.all([dispatch(h, message), dispatch(h, message)]);
    await drain(h, 1);
    await expectServed(h, id, TWO_STEPS);
  });
});

describe("the relay of published events", () => {
  test("hands a fan-out whose next message was lost to the queue again, once its time is over", async () => {
    const { h, id } = await published(TWO_STEPS);
    await dispatch(h, { source: "event", id });
    h.advance(MINUTE_MS);
    expect(await relayPublished(h.ctx, h.now(), unspent)).toEqual({ events: 0, failed: 0 });
    const before = h.dispatchMessages().length;
    h.advance(2 * MINUTE_MS);
    expect(await relayPublished(h.ctx, h.now(), unspent)).toEqual({ events: 1, failed: 0 });
    expect(await relayPublished(h.ctx, h.now(), unspent)).toEqual({ events: 0, failed: 0 });
    expect(h.dispatchMessages()).toHaveLength(before + 1);
    expect(await drain(h, before)).toEqual([1]);
    await expectServed(h, id, TWO_STEPS);
  });

  test("takes the first step itself when nobody was told, with the queue down too", async () => {
    const h = createHarness();
    await register(h);
    await crowd(h, TWO_STEPS);
    h.world.queueIsDown = true;
    const id = await publish(h);
    h.advance(11_000);
    expect(await relayPublished(h.ctx, h.now(), unspent)).toEqual({ events: 1, failed: 0 });
    expect(deliveries(h)).toHaveLength(1000);
    h.advance(3 * MINUTE_MS);
    expect(await relayPublished(h.ctx, h.now(), unspent)).toEqual({ events: 0, failed: 1 });
    h.world.queueIsDown = false;
    expect(await relayPublished(h.ctx, h.now(), unspent)).toEqual({ events: 1, failed: 0 });
    await drain(h);
    expect(deliveries(h)).toHaveLength(TWO_STEPS);
    expect(await h.ctx.stores.events.getPublished(id)).toMatchObject({ outbox_at: null });
  });

  test("drains a backlog within a run, passing over the one that can't be dispatched", async () => {
    const h = createHarness();
    await register(h);
    await h.subscribe();
    h.world.queueIsDown = true;
    const ids: string[] = [];
    for (let index = 0; index < 260; index += 1) ids.push(await publish(h, { index }));
    h.world.queueIsDown = false;
    h.advance(11_000);
    const { stores } = h.ctx;
    const bad = ids[7];
    const insertMany: typeof stores.deliveries.insertMany = async (rows) => {
      if (rows.some(({ event_id }) => event_id === bad)) throw new Error("a bad event");
      await stores.deliveries.insertMany(rows);
    };
    const ctx = {
      ...h.ctx,
      stores: { ...stores, deliveries: { ...stores.deliveries, insertMany } },
    };
    expect(await relayPublished(ctx, h.now(), unspent)).toEqual({ events: 259, failed: 1 });
    expect(await relayPublished(h.ctx, h.now(), unspent)).toEqual({ events: 1, failed: 0 });
    expect(deliveries(h)).toHaveLength(260);
  });
});
