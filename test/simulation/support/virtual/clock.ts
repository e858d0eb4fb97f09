import type { DrivenClock } from "../../../../local/qstash/clock.ts";
import { createAgenda, type Timer } from "./agenda.ts";

/** Something that waits in vain longer than this, in virtual milliseconds, is stuck. */
const STUCK_AFTER_MS = 10 * 60_000;

/** The same in turns of the event loop. */
const STUCK_AFTER_TURNS = 20_000;

/** What the clock asks of the machine whose programs live by it. */
type Pace = { readonly quiet: () => Promise<void>; readonly note: () => void };

/**
 * Time that passes from one due point to the next, and only while every program waits. It moves when
 * a test moves it, and as far as {@link VirtualClock.drive} must for what it waits for.
 */
export type VirtualClock = DrivenClock & {
  /** Lets time pass until the work has ended: a pause within it takes no real time. */
  drive<Result>(work: Promise<Result>): Promise<Result>;
  /** Lets time pass until it is so. */
  driveUntil(isSo: () => boolean): Promise<void>;
};

export function createVirtualClock(startMs: number, pace: Pace): VirtualClock {
  let nowMs = startMs;
  let order = 0;
  const timers = createAgenda();
  let lastMove: Promise<unknown> = Promise.resolve();

  /** One move after the other. */
  const move = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = lastMove.then(work);
    lastMove = result.catch(() => undefined);
    return result;
  };

  function takeNext(untilMs: number): Timer | null {
    for (;;) {
      const first = timers.first();
      if (first === null || first.atMs > untilMs) return null;
      timers.takeFirst();
      if (!first.isCalledOff) return first;
    }
  }

  function fire(timer: Timer): void {
    nowMs = Math.max(nowMs, timer.atMs);
    pace.note();
    timer.run();
  }

  async function advance(targetMs: number): Promise<void> {
    if (targetMs < nowMs) throw new RangeError(`time can't go back from ${nowMs} to ${targetMs}`);
    for (;;) {
      await pace.quiet();
      const next = takeNext(targetMs);
      if (next === null) break;
      fire(next);
    }
    nowMs = targetMs;
  }

  async function driveUntil(isSo: () => boolean): Promise<void> {
    const lastMs = nowMs + STUCK_AFTER_MS;
    for (let turns = 0; turns < STUCK_AFTER_TURNS; turns += 1) {
      await pace.quiet();
      if (isSo()) return;
      const next = takeNext(lastMs);
      // When nothing is to come any more, the test itself holds what is waited for, and lets it go.
      if (next !== null) fire(next);
    }
    throw new Error("what was waited for doesn't end");
  }

  return {
    now: () => nowMs,
    schedule: (atMs, run) => {
      const timer: Timer = { atMs, order: (order += 1), run, isCalledOff: false };
      timers.add(timer);
      return () => {
        timer.isCalledOff = true;
      };
    },
    settleWith: () => () => undefined,
    advanceTo: (ms) => move(() => advance(ms)),
    advanceBy: (ms) => move(() => advance(nowMs + ms)),
    driveUntil,
    drive: async (work) => {
      let isOver = false;
      const end = (): void => {
        isOver = true;
      };
      work.then(end, end);
      await driveUntil(() => isOver);
      return work;
    },
  };
}
