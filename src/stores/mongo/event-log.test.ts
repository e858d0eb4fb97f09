import { expect, test } from "vitest";
import { createHarness, type Harness } from "../../../test/webhooks/harness.ts";
import { placeEvents } from "../../engine/events/place-events.ts";
import { readLog } from "../../engine/events/scan-log.ts";

const DAY_MS = 86_400_000;

/** Logs so many events, and has positions given to them. */
async function log(h: Harness, count: number): Promise<void> {
  const at = h.now();
  await h.ctx.stores.events.insertMany(
    Array.from({ length: count }, (_, index) => ({
      _id: h.ctx.runtime.newId("event"),
      namespace_id: h.ctx.namespace._id,
      type: "task.created",
      task_id: null,
      sequence: index,
      timestamp: at,
      data: {},
      created_at: at,
    })),
  );
  await placeEvents(h.ctx, h.ctx.namespace._id);
}

async function positions(h: Harness, after = 0): Promise<readonly number[]> {
  return (await readLog(h.ctx, after, 100)).rows.map(({ position }) => position);
}

test("a purge leaves the highest position, from which the next ones are reckoned, until it is passed", async () => {
  const h = createHarness();
  const { eventLog } = h.ctx.stores;
  await log(h, 3);
  h.advance(40 * DAY_MS);
  const purge = () => eventLog.purge(new Date(h.now().getTime() - 30 * DAY_MS), h.now(), 10);
  expect(await purge()).toBe(3);
  expect(await positions(h)).toEqual([3]);
  // It isn't looked at again before the next retention, and doesn't keep others from being found.
  expect(await purge()).toBe(0);
  await log(h, 2);
  expect(await positions(h, 3)).toEqual([4, 5]);
  h.advance(40 * DAY_MS);
  expect(await purge()).toBe(3);
  expect(await positions(h)).toEqual([5]);
});

test("a position that is freed below the highest by a clock that was off isn't taken again", async () => {
  const h = createHarness();
  const start = h.now();
  await log(h, 1);
  h.setTime(new Date(start.getTime() - DAY_MS));
  await log(h, 1);
  h.setTime(start);
  await log(h, 1);
  const before = new Date(start.getTime() - DAY_MS / 2);
  expect(await h.ctx.stores.eventLog.purge(before, start, 10)).toBe(1);
  expect(await positions(h)).toEqual([1, 3]);
  await log(h, 1);
  expect(await positions(h)).toEqual([1, 3, 4]);
  // What stands below the gap is found to be no head, and goes.
  h.advance(40 * DAY_MS);
  await h.ctx.stores.eventLog.purge(h.now(), h.now(), 10);
  expect(await positions(h)).toEqual([4]);
});

test("the events of a task are in order of its sequence, also when the clocks of their writers differ", async () => {
  const h = createHarness();
  const event = (sequence: number, ms: number) => ({
    _id: h.ctx.runtime.newId("event"),
    namespace_id: h.ctx.namespace._id,
    type: "task.created",
    task_id: "tsk_1",
    sequence,
    timestamp: h.now(),
    data: {},
    created_at: new Date(h.now().getTime() + ms),
  });
  const [one, two, three] = [event(1, 500), event(2, 500), event(3, 0)];
  await h.ctx.stores.events.insertMany([one, two, three]);
  const { rows } = await readLog(h.ctx, 0, 10);
  expect(rows.map(({ eventId }) => eventId)).toEqual([one._id, two._id, three._id]);
});

test("an event whose position was given before a crash gets no other", async () => {
  const h = createHarness();
  const { eventLog } = h.ctx.stores;
  const mark = eventLog.markPlaced.bind(eventLog);
  eventLog.markPlaced = () => Promise.reject(new Error("crash"));
  await expect(log(h, 2)).rejects.toThrow("crash");
  eventLog.markPlaced = mark;
  await log(h, 1);
  const { rows, isEnd } = await readLog(h.ctx, 0, 10);
  expect(rows.map(({ position }) => position)).toEqual([1, 2, 3]);
  expect(new Set(rows.map(({ eventId }) => eventId)).size).toBe(3);
  expect(isEnd).toBe(true);
});

test("reading a log of which nothing is new costs two reads and no write", async () => {
  const h = createHarness();
  await log(h, 5);
  h.gateway.operations.length = 0;
  await positions(h);
  expect(h.gateway.operations).toEqual(["find events", "find event_positions"]);
});
