import type { Clock } from "../../src/stores/watch/clock.ts";

/** A clock that stands still until it is told otherwise. */
export type DrivenTimers = Clock & {
  /** Lets so many milliseconds pass and calls back whoever waited for one of them, in order. */
  advance(ms: number): void;
  /** How many callbacks are due at some time. */
  readonly timers: number;
};

/** Makes a {@link DrivenTimers}. */
export function drivenTimers(): DrivenTimers {
  const due = new Map<symbol, { readonly at: number; readonly callBack: () => void }>();
  let now = Date.parse("2026-11-24T01:02:03.456Z");
  return {
    now: () => now,
    after: (ms, callBack) => {
      const key = Symbol("timer");
      due.set(key, { at: now + ms, callBack });
      return () => due.delete(key);
    },
    advance: (ms) => {
      now += ms;
      const over = [...due].filter(([, { at }]) => at <= now);
      for (const [key, { callBack }] of over.toSorted(([, one], [, other]) => one.at - other.at)) {
        if (due.delete(key)) callBack();
      }
    },
    get timers() {
      return due.size;
    },
  };
}
