import { describe, expect, test } from "vitest";
import { createHarness, type Harness } from "../../../../test/webhooks/harness.ts";
import type { ReplayRequest } from "../../../contract/replay.ts";
import { relayDeliveries } from "../../duties/relay-deliveries.ts";
import type { EngineStores } from "../../context.ts";
import { dispatchEvents } from "../../events/dispatch-events.ts";
import { updateEndpoint } from "../endpoints/update-endpoint.ts";
import { attemptDelivery } from "./attempt-delivery.ts";
import { replayEndpoint } from "./replay-endpoint.ts";

const MINUTE_MS = 60_000;
const START = new Date("2026-01-01T00:00:00.000Z").toISOString();

/** Events of one task each, a minute apart, as the log has them. */
async function happen(h: Harness, types: readonly string[]): Promise<readonly string[]> {
  const before = new Set(h.gateway.rows("events").map(({ _id }) => _id));
  for (const type of types) {
    h.advance(MINUTE_MS);
    const task = await h.taskWith([type]);
    await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
  }
  return h.gateway
    .rows("events")
    .map(({ _id }) => _id)
    .filter((id) => !before.has(id));
}

/** Makes every attempt that is published and not made yet; what the endpoint got, in order. */
async function deliverAll(h: Harness): Promise<readonly (string | null)[]> {
  h.received.length = 0;
  const messages = h.deliveryMessages();
  h.published.length = 0;
  for (const message of messages) {
    await attemptDelivery({ ctx: h.ctx, input: { ...message, redelivered: false } });
  }
  return h.received.map(({ headers }) => headers.get("webhook-id"));
}

/** As its failures take an endpoint out of service: it gets no deliveries meanwhile, not even held ones. */
const setStatus = (h: Harness, webhookId: string, status: "ACTIVE" | "SUSPENDED") =>
  status === "ACTIVE"
    ? updateEndpoint({ ctx: h.ctx, input: { webhookId, status } })
    : h.ctx.stores.webhooks.update(h.ctx.namespace._id, webhookId, {
        status,
        status_reason: "it failed",
        suspended_by: "failure",
      });

/** A harness whose endpoint was SUSPENDED by its failures while three events happened. */
async function missed() {
  const h = createHarness();
  const { webhook } = await h.subscribe({ event_types: ["task.completed", "task.failed"] });
  await setStatus(h, webhook._id, "SUSPENDED");
  const events = await happen(h, ["task.completed", "task.started", "task.failed"]);
  await setStatus(h, webhook._id, "ACTIVE");
  return { h, id: webhook._id, events };
}

const replay = (
  h: Harness,
  webhookId: string,
  request: Partial<ReplayRequest>,
  key: string | null = null,
) =>
  replayEndpoint({
    ctx: h.ctx,
    input: { from: START, which: "missing", ...request, webhookId, key },
  });

const counts = (created: number, reopened: number, left: number) => ({ created, reopened, left });

describe("a replay of what is missing", () => {
  test("sends the events that the endpoint subscribed to and has no delivery of, once", async () => {
    const { h, id, events } = await missed();
    expect(await replay(h, id, {})).toEqual({
      dry_run: false,
      events: 3,
      ...counts(2, 0, 0),
      pagination: { next_cursor: null },
    });
    expect(await deliverAll(h)).toEqual([events[0], events[2]]);
    expect(await replay(h, id, {})).toMatchObject(counts(0, 0, 2));
    expect(await deliverAll(h)).toEqual([]);
  });

  test("sends what happened before the endpoint was made", async () => {
    const h = createHarness();
    const events = await happen(h, ["task.completed"]);
    h.advance(MINUTE_MS);
    const { webhook } = await h.subscribe();
    expect(await replay(h, webhook._id, {})).toMatchObject(counts(1, 0, 0));
    expect(await deliverAll(h)).toEqual(events);
  });

  test("twice at once makes and publishes each delivery once", async () => {
    const { h, id, events } = await missed();
    await Promise.all([replay(h, id, {}), replay(h, id, { which: "all" })]);
    expect(h.gateway.rows("deliveries")).toHaveLength(2);
    expect(await deliverAll(h)).toEqual([events[0], events[2]]);
  });

  test("leaves dead letters and what arrived as they are", async () => {
    const { h, id } = await missed();
    await replay(h, id, {});
    const [first] = h.deliveryMessages();
    await h.ctx.stores.deliveries.markDead(first?.delivery_id ?? "", "a test", h.now());
    expect(await replay(h, id, {})).toMatchObject(counts(0, 0, 2));
  });

  test("with the queue down leaves the publishing to the relay", async () => {
    const { h, id, events } = await missed();
    h.world.queueIsDown = true;
    await replay(h, id, {});
    expect(h.published).toEqual([]);
    h.world.queueIsDown = false;
    h.advance(2 * MINUTE_MS);
    expect(await relayDeliveries(h.ctx, h.now(), () => false)).toEqual({ relayed: 2 });
    expect(await deliverAll(h)).toEqual([events[0], events[2]]);
  });

  test.each(["before the log is written", "after that", "after the endpoints were read"])(
    "misses no event whose dispatch runs meanwhile: the owner resumes and replays %s",
    async (moment) => {
      const { h, id } = await missed();
      await replay(h, id, {});
      await deliverAll(h);
      await setStatus(h, id, "SUSPENDED");
      const meanwhile = async () => {
        await setStatus(h, id, "ACTIVE");
        await replay(h, id, {});
      };
      const { events, webhooks } = h.ctx.stores;
      const stores: EngineStores = {
        ...h.ctx.stores,
        events: {
          ...events,
          insertMany: async (rows) => {
            if (moment === "before the log is written") await meanwhile();
            await events.insertMany(rows);
            if (moment === "after that") await meanwhile();
          },
        },
        webhooks: {
          ...webhooks,
          receiversAfter: async (...given) => {
            const page = await webhooks.receiversAfter(...given);
            if (moment === "after the endpoints were read") await meanwhile();
            return page;
          },
        },
      };
      const task = await h.taskWith(["task.completed"]);
      await dispatchEvents({
        ctx: { ...h.ctx, stores },
        input: { source: "task", id: task._id },
      });
      expect(await deliverAll(h)).toEqual([task.pending_events[0]?.event_id]);
    },
  );
});

describe("a replay of what failed", () => {
  test("sends the dead letters again, under the same webhook-id, and nothing else", async () => {
    const { h, id, events } = await missed();
    await replay(h, id, {});
    h.world.answer = () => new Response(null, { status: 410 });
    await deliverAll(h);
    h.world.answer = () => new Response("ok");
    await setStatus(h, id, "ACTIVE");
    const later = await happen(h, ["task.completed"]);
    expect(await deliverAll(h)).toEqual(later);
    expect(await replay(h, id, { which: "failed" })).toMatchObject({
      events: 4,
      ...counts(0, 2, 1),
    });
    expect(await deliverAll(h)).toEqual([events[0], events[2]]);
  });
});

describe("a replay of all", () => {
  test("sends what arrived once more, and by one key only once", async () => {
    const { h, id, events } = await missed();
    expect(await replay(h, id, { which: "all" }, "k")).toMatchObject(counts(2, 0, 0));
    expect(await deliverAll(h)).toEqual([events[0], events[2]]);
    expect(await replay(h, id, { which: "all" }, "k")).toMatchObject(counts(0, 0, 2));
    expect(await replay(h, id, { which: "all" }, "other")).toMatchObject(counts(0, 2, 0));
    expect(await deliverAll(h)).toEqual([events[0], events[2]]);
    expect(await replay(h, id, { which: "all" }, "other")).toMatchObject(counts(0, 0, 2));
    expect(await deliverAll(h)).toEqual([]);
  });

  test("leaves what is on its way", async () => {
    const { h, id } = await missed();
    await replay(h, id, { which: "all" });
    expect(await replay(h, id, { which: "all" })).toMatchObject(counts(0, 0, 2));
  });
});

describe("a replay", () => {
  test("is over the log from a time or an event, before a time or up to an event", async () => {
    const { h, id, events } = await missed();
    const logged = await Promise.all(events.map((event) => h.ctx.stores.events.get(event)));
    const [, second, third] = logged.map((event) => event?.created_at.toISOString());
    const sent = async (from: string | undefined, until?: string) => {
      const range = { from: from ?? "", ...(until !== undefined && { until }) };
      return (await replay(h, id, { ...range, dry_run: true })).created;
    };
    expect(await sent(events[0])).toBe(2);
    expect(await sent(events[1])).toBe(1);
    expect(await sent(events[2])).toBe(1);
    expect(await sent(second)).toBe(1);
    expect(await sent(third)).toBe(1);
    expect(await sent(START, third)).toBe(1);
    expect(await sent(START, events[2])).toBe(2);
    expect(await sent(START, events[1])).toBe(1);
    expect(await sent(events[1], events[1])).toBe(0);
    expect(await sent(h.now().toISOString())).toBe(1);
    h.advance(1);
    expect(await sent(h.now().toISOString())).toBe(0);
  });

  test("from one of several events of a millisecond takes it and those behind it", async () => {
    const h = createHarness();
    const { webhook } = await h.subscribe();
    await setStatus(h, webhook._id, "SUSPENDED");
    const task = await h.taskWith(["task.created", "task.started", "task.completed"]);
    await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
    await setStatus(h, webhook._id, "ACTIVE");
    const [, second] = task.pending_events.map(({ event_id }) => event_id);
    const from = second ?? "";
    expect(await replay(h, webhook._id, { from, until: from })).toMatchObject(counts(1, 0, 0));
    expect(await replay(h, webhook._id, { from })).toMatchObject(counts(1, 0, 1));
    expect(await deliverAll(h)).toEqual(task.pending_events.slice(1).map((one) => one.event_id));
  });

  test("looks at so many events a call and goes on by its cursor, over rounds and calls", async () => {
    const h = createHarness();
    const { webhook } = await h.subscribe();
    await setStatus(h, webhook._id, "SUSPENDED");
    const types = Array.from({ length: 450 }, () => "task.completed");
    const task = await h.taskWith(types);
    await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
    await setStatus(h, webhook._id, "ACTIVE");
    const first = await replay(h, webhook._id, { limit: 250 });
    expect(first).toMatchObject({ events: 250, ...counts(250, 0, 0) });
    const cursor = first.pagination.next_cursor ?? "";
    const second = await replay(h, webhook._id, { limit: 250, cursor });
    expect(second).toMatchObject({ events: 200, ...counts(200, 0, 0) });
    expect(second.pagination.next_cursor).toBeNull();
    expect(new Set(h.deliveryMessages().map(({ delivery_id }) => delivery_id)).size).toBe(450);
    h.gateway.operations.length = 0;
    await replay(h, webhook._id, { limit: 200 });
    expect(h.gateway.operations).toEqual(["findOne webhooks", "find events", "find deliveries"]);
  });

  test("in a dry run counts and changes nothing, of an endpoint out of service too", async () => {
    const { h, id } = await missed();
    await setStatus(h, id, "SUSPENDED");
    await expect(replay(h, id, {})).rejects.toMatchObject({ code: "webhook_not_active" });
    expect(await replay(h, id, { dry_run: true })).toMatchObject({
      dry_run: true,
      events: 3,
      ...counts(2, 0, 0),
    });
    expect(h.gateway.rows("deliveries")).toEqual([]);
    expect(h.published).toEqual([]);
  });

  test("from an event that is not there, or of another namespace, is refused", async () => {
    const { h, id, events } = await missed();
    const absent = h.ctx.runtime.newId("event");
    const refused = { code: "invalid_request", fields: [{ path: "from" }] };
    await expect(replay(h, id, { from: absent })).rejects.toMatchObject(refused);
    const namespace = { _id: h.ctx.runtime.newId("namespace"), name: "other" };
    const other = { ...h, ctx: { ...h.ctx, namespace } };
    const { webhook } = await h.subscribe();
    const stranger = {
      ...webhook,
      _id: h.ctx.runtime.newId("webhook"),
      namespace_id: namespace._id,
    };
    await h.ctx.stores.webhooks.insert(stranger);
    const [first = ""] = events;
    await expect(replay(other, stranger._id, { from: first })).rejects.toMatchObject(refused);
  });
});
