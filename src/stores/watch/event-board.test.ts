import { describe, expect, test } from "vitest";
import { drivenTimers } from "../../../test/support/driven-timers.ts";
import type { EventRecord } from "../../ports/delivery-store.ts";
import { NO_EVENTS } from "../../ports/watchers.ts";
import { EventBoard } from "./event-board.ts";

function event(number: number): EventRecord {
  const at = new Date(number);
  return {
    _id: `evt_${number}`,
    namespace_id: "ns_1",
    type: "task.created",
    task_id: null,
    sequence: 1,
    timestamp: at,
    data: {},
    created_at: at,
  };
}

function newBoard(hub = "hub-1") {
  const clock = drivenTimers();
  return { board: new EventBoard(clock, hub), clock };
}

describe("a reader of a namespace's events", () => {
  test("gets what is told while it waits, and each event once by its mark", async () => {
    const { board } = newBoard();
    const first = board.wait(NO_EVENTS, 15_000);
    board.tell([event(1), event(2)]);
    const told = await first.told;
    expect(told.events).toEqual([event(1), event(2)]);
    const second = board.wait(told.mark, 15_000);
    board.tell([event(3)]);
    expect((await second.told).events).toEqual([event(3)]);
    expect(board.size).toBe(0);
  });

  test("gets at once what was told while it was busy", async () => {
    const { board } = newBoard();
    board.tell([event(1)]);
    const { mark } = await board.wait(NO_EVENTS, 15_000).told;
    board.tell([event(2)]);
    board.tell([event(3)]);
    expect((await board.wait(mark, 15_000).told).events).toEqual([event(2), event(3)]);
  });

  test("misses what was told more than 30 seconds ago, or before the last 200", async () => {
    const { board, clock } = newBoard();
    board.tell([event(0)]);
    clock.advance(30_001);
    expect((await board.wait(NO_EVENTS, 15_000).told).events).toEqual([]);
    board.tell(Array.from({ length: 300 }, (_, number) => event(number)));
    const { events } = await board.wait(NO_EVENTS, 15_000).told;
    expect([events.length, events[0]]).toEqual([200, event(100)]);
  });

  test("of a hub that was reset meanwhile gets all that the new one was told", async () => {
    const before = newBoard("hub-1");
    before.board.tell([event(1), event(2), event(3)]);
    const { mark } = await before.board.wait(NO_EVENTS, 15_000).told;
    const { board } = newBoard("hub-2");
    board.tell([event(4)]);
    expect((await board.wait(mark, 15_000).told).events).toEqual([event(4)]);
  });

  test("waits no longer than asked, a minute at most, and leaves nothing behind", async () => {
    const { board, clock } = newBoard();
    const short = board.wait(NO_EVENTS, 15_000);
    board.wait(NO_EVENTS, Infinity);
    const left = board.wait(NO_EVENTS, 15_000);
    left.callOff();
    left.callOff();
    expect([board.size, clock.timers]).toEqual([2, 2]);
    clock.advance(15_000);
    expect((await short.told).events).toEqual([]);
    clock.advance(45_000);
    expect([board.size, clock.timers]).toEqual([0, 0]);
  });
});
