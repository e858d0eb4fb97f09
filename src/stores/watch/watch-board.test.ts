import { describe, expect, test } from "vitest";
import type { TaskNews } from "../../ports/watchers.ts";
import { drivenTimers } from "../../../test/support/driven-timers.ts";
import { WatchBoard } from "./watch-board.ts";

function news(version: number, sequence = 1): TaskNews {
  return { version, sequence, status: "PROCESSING", json: `{"version":${version}}` };
}

function newBoard() {
  const clock = drivenTimers();
  return { board: new WatchBoard(clock), clock };
}

describe("a wait", () => {
  test("ends with the news that goes beyond what is known", async () => {
    const { board } = newBoard();
    const waiting = board.wait({ version: 3 }, 15_000);
    board.wake(news(4));
    expect(await waiting.news).toEqual(news(4));
    expect(board.size).toBe(0);
  });

  test("ends without any when its time is up", async () => {
    const { board, clock } = newBoard();
    const waiting = board.wait({ version: 3 }, 15_000);
    clock.advance(14_999);
    expect(board.size).toBe(1);
    clock.advance(1);
    expect(await waiting.news).toBeNull();
    expect(board.size).toBe(0);
  });

  test("goes on at news that is none to it, and by sequence only at new events", async () => {
    const { board } = newBoard();
    const byVersion = board.wait({ version: 5 }, 15_000);
    const bySequence = board.wait({ sequence: 2 }, 15_000);
    board.wake(news(5, 2));
    expect(board.size).toBe(2);
    board.wake(news(6, 2));
    expect(await byVersion.news).toEqual(news(6, 2));
    expect(board.size).toBe(1);
    board.wake(news(7, 3));
    expect(await bySequence.news).toEqual(news(7, 3));
  });

  test("that comes just after its news ends at once", async () => {
    const { board, clock } = newBoard();
    board.wake(news(4));
    clock.advance(30_000);
    expect(await board.wait({ version: 3 }, 15_000).news).toEqual(news(4));
    expect(board.size).toBe(0);
  });

  test("that comes 30 seconds after does not: by then its own look has seen it", () => {
    const { board, clock } = newBoard();
    board.wake(news(4));
    clock.advance(30_001);
    board.wait({ version: 3 }, 15_000);
    expect(board.size).toBe(1);
  });

  test("that is called off leaves nothing behind, neither a waiter nor a timer", async () => {
    const { board, clock } = newBoard();
    const waits = Array.from({ length: 1000 }, () => board.wait({ version: 1 }, 15_000));
    expect([board.size, clock.timers]).toEqual([1000, 1000]);
    for (const waiting of waits) waiting.callOff();
    expect(await waits[0]?.news).toBeNull();
    expect([board.size, clock.timers]).toEqual([0, 0]);
    waits[0]?.callOff();
    expect(board.size).toBe(0);
  });

  test("is never longer than a minute", () => {
    const { board, clock } = newBoard();
    board.wait({ version: 1 }, Infinity);
    clock.advance(60_000);
    expect([board.size, clock.timers]).toEqual([0, 0]);
  });
});

describe("a wake-up", () => {
  test("reaches all, each once", async () => {
    const { board, clock } = newBoard();
    const waits = Array.from({ length: 1000 }, () => board.wait({ version: 1 }, 15_000));
    board.wake(news(2));
    board.wake(news(3));
    const got = await Promise.all(waits.map((waiting) => waiting.news));
    expect(got.every((one) => one?.version === 2)).toBe(true);
    expect([board.size, clock.timers]).toEqual([0, 0]);
  });

  test("that comes late, after a newer one, changes nothing", async () => {
    const { board } = newBoard();
    board.wake(news(5, 3));
    board.wake(news(4, 2));
    expect(await board.wait({ version: 3 }, 15_000).news).toEqual(news(5, 3));
  });
});
