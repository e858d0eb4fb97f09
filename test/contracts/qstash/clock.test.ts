import { describe, expect, test } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { drivenClock, realClock, scaledClock } from "../../../local/qstash/clock.ts";

describe("clocks", () => {
  test("a driven clock runs what falls due in the order of time, then of scheduling", async () => {
    const clock = drivenClock(1_000);
    const ran: string[] = [];
    const note = (name: string) => () => ran.push(`${name} at ${clock.now()}`);
    clock.schedule(3_000, note("c"));
    clock.schedule(2_000, note("a"));
    clock.schedule(2_000, note("b"));
    clock.schedule(9_000, note("never"));
    await clock.advanceTo(5_000);
    expect(ran).toEqual(["a at 2000", "b at 2000", "c at 3000"]);
    expect(clock.now()).toBe(5_000);
  });

  test("what is scheduled on the way also runs if it falls due", async () => {
    const clock = drivenClock(0);
    const ran: number[] = [];
    const again = (): void => {
      ran.push(clock.now());
      clock.schedule(clock.now() + 10, again);
    };
    clock.schedule(10, again);
    await clock.advanceBy(35);
    expect(ran).toEqual([10, 20, 30]);
  });

  test("a cancelled timer doesn't run, even when one due at the same time cancels it", async () => {
    const clock = drivenClock(0);
    const ran: string[] = [];
    clock.schedule(5, () => {
      ran.push("first");
      cancelSecond();
    });
    const cancelSecond = clock.schedule(5, () => ran.push("second"));
    clock.schedule(6, () => ran.push("third"))();
    await clock.advanceBy(10);
    expect(ran).toEqual(["first"]);
  });

  test("time waits for what a due point has set off", async () => {
    const clock = drivenClock(0);
    let underWay: Promise<void> = Promise.resolve();
    let endedAt = -1;
    const work = async (): Promise<void> => {
      await sleep(20);
      endedAt = clock.now();
    };
    clock.settleWith(() => underWay);
    clock.schedule(10, () => {
      underWay = work();
    });
    clock.schedule(11, () => undefined);
    await clock.advanceBy(100);
    expect(endedAt).toBe(10);
  });

  test("time moves on after heldAfterMs when something never ends", async () => {
    const clock = drivenClock(0, { heldAfterMs: 5 });
    clock.settleWith(() => new Promise(() => undefined));
    await clock.advanceBy(100);
    expect(clock.now()).toBe(100);
  });

  test("time doesn't go back", async () => {
    await expect(drivenClock(10).advanceTo(9)).rejects.toThrow(RangeError);
  });

  test("two advances at once are made one after the other", async () => {
    const clock = drivenClock(0);
    await Promise.all([clock.advanceBy(10), clock.advanceBy(10)]);
    expect(clock.now()).toBe(20);
  });

  test("a scaled clock runs so many times faster, its timers too", async () => {
    const clock = scaledClock(10_000);
    const startMs = clock.now();
    const ranAt = await new Promise<number>((resolve) => {
      clock.schedule(startMs + 100_000, () => resolve(clock.now()));
    });
    expect(ranAt - startMs).toBeGreaterThanOrEqual(100_000);
    expect(() => scaledClock(0)).toThrow(RangeError);
  });

  test("a real clock's timer runs when it is due, and not when it was cancelled", async () => {
    const clock = realClock();
    const ran: string[] = [];
    clock.schedule(clock.now() + 5, () => ran.push("cancelled"))();
    await new Promise<void>((resolve) => {
      clock.schedule(clock.now() + 20, resolve);
    });
    expect(ran).toEqual([]);
  });
});
