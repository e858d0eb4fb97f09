import { describe, expect, test } from "vitest";
import { createHarness } from "../../../test/webhooks/harness.ts";
import { EVENTS_AT_ONCE, type EventRecord } from "../../ports/delivery-store.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";
import type { NamespaceContext } from "../context.ts";
import type { EventStream } from "./event-stream.ts";
import { type EventFilter, openEventStream } from "./stream-events.ts";

const EVERYTHING: EventFilter = { types: [], taskTypes: [], tags: [] };

/** A namespace whose writers tell what `told` holds, and else nothing. */
function namespace() {
  const h = createHarness();
  const world = { told: [] as EventRecord[][], isLeft: false, isMongoDown: false };
  const { events } = h.ctx.stores;
  const ctx: NamespaceContext = {
    ...h.ctx,
    stores: {
      ...h.ctx.stores,
      events: {
        ...events,
        loggedFrom: (namespaceId, from) =>
          world.isMongoDown
            ? Promise.reject(new StoreUnavailableError("mongodb", "down"))
            : events.loggedFrom(namespaceId, from),
      },
      watchers: {
        ...h.ctx.stores.watchers,
        joinEvents: () => ({
          next: (mark, ms) => {
            const told = world.told.shift();
            if (told === undefined) h.advance(ms);
            return Promise.resolve({ mark, events: told ?? [] });
          },
          leave: () => {
            world.isLeft = true;
          },
        }),
      },
    },
  };
  const event = (type = "task.created", task: object = {}): EventRecord => ({
    _id: ctx.runtime.newId("event"),
    namespace_id: ctx.namespace._id,
    type,
    task_id: null,
    sequence: 1,
    timestamp: h.now(),
    data: { task },
    created_at: h.now(),
  });
  /** Logs an event as a dispatch at this moment does. */
  const log = (...logged: readonly EventRecord[]) =>
    events.insertMany(logged.map((one) => Object.assign(one, { created_at: h.now() })));
  const open = (after: Date | null = null, filter = EVERYTHING) =>
    openEventStream({ ctx, input: { after, filter } });
  return { h, ctx, world, event, log, open };
}

/** What comes up to the next moment of idleness: the events' ids, and the id to go on from. */
async function untilIdle({ items }: EventStream) {
  const events: string[] = [];
  for (;;) {
    const { done, value } = await items.next();
    if (done === true) return { events, id: null };
    if (value.kind === "idle") return { events, id: value.id };
    events.push(value.event._id);
  }
}

describe("a namespace's stream", () => {
  test("brings what is told at once, and not again from the log", async () => {
    const n = namespace();
    const stream = await n.open();
    const event = n.event();
    n.world.told = [[event]];
    expect((await stream.items.next()).value).toMatchObject({ kind: "event", event });
    await n.log(event);
    expect((await untilIdle(stream)).events).toEqual([]);
  });

  test("brings from the log what nobody told, also when it was logged late", async () => {
    const n = namespace();
    const early = n.event();
    n.h.advance(1);
    const stream = await n.open();
    const untold = n.event();
    await n.log(untold);
    expect((await untilIdle(stream)).events).toEqual([untold._id]);
    await n.log(early);
    expect((await untilIdle(stream)).events).toEqual([early._id]);
  });

  test("brings an event that becomes readable after others that were logged later", async () => {
    const n = namespace();
    const stream = await n.open();
    n.h.advance(1000);
    const slow = n.event();
    n.h.advance(1000);
    const quick = n.event();
    await n.log(quick);
    expect((await untilIdle(stream)).events).toEqual([quick._id]);
    n.h.advance(20_000);
    await n.ctx.stores.events.insertMany([slow]);
    expect((await untilIdle(stream)).events).toEqual([slow._id]);
  });

  test("that goes on where another was cut misses nothing, whatever happened in between", async () => {
    const n = namespace();
    const first = await n.open();
    const seen = n.event();
    n.world.told = [[seen]];
    const { events, id } = await untilIdle(first);
    expect(events).toEqual([seen._id]);
    const missed = n.event();
    n.h.advance(600_000);
    await n.log(seen, missed);
    const second = await n.open(new Date(Number(id)));
    expect((await untilIdle(second)).events.toSorted()).toEqual([seen._id, missed._id].toSorted());
  });

  test("reads a log of many pages, each event once", async () => {
    const n = namespace();
    const begin = n.h.now();
    const many = Array.from({ length: 2 * EVENTS_AT_ONCE + 1 }, () => n.event());
    await n.log(...many);
    n.h.advance(120_000);
    const { events } = await untilIdle(await n.open(begin));
    expect(events.toSorted()).toEqual(many.map(({ _id }) => _id).toSorted());
  });

  test("lets through what every filter wants", async () => {
    const n = namespace();
    const filter = { types: ["task.*"], taskTypes: ["gpu.train"], tags: ["nightly"] };
    const stream = await n.open(null, filter);
    const task = { task_type: "gpu.train", tags: ["nightly", "eu"] };
    const wanted = n.event("task.completed", task);
    n.world.told = [
      [
        n.event("collection.documents.written", task),
        n.event("task.completed", { ...task, tags: [] }),
        n.event("task.completed", { ...task, task_type: "other" }),
        wanted,
      ],
    ];
    expect((await untilIdle(stream)).events).toEqual([wanted._id]);
  });

  test("lives on while MongoDB is down, and then brings what it could not read", async () => {
    const n = namespace();
    const stream = await n.open();
    const event = n.event();
    await n.log(event);
    n.world.isMongoDown = true;
    const { events, id } = await untilIdle(stream);
    expect([events, Number(id) <= event.created_at.getTime()]).toEqual([[], true]);
    n.world.isMongoDown = false;
    expect((await untilIdle(stream)).events).toEqual([event._id]);
  });

  test("ends after five minutes and gives its place up", async () => {
    const n = namespace();
    const stream = await n.open();
    for (let looks = 0; looks < 20; looks += 1) expect((await untilIdle(stream)).id).not.toBeNull();
    expect((await untilIdle(stream)).id).toBeNull();
    expect(n.world.isLeft).toBe(true);
  });
});
