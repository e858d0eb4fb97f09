/** What waiting needs of time. */
export type Clock = {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Calls back once after `ms` milliseconds; returns a function that cancels it. */
  readonly after: (ms: number, callBack: () => void) => () => void;
};

/** The real time. */
export const REAL_CLOCK: Clock = {
  now: () => Date.now(),
  after: (ms, callBack) => {
    const timer = setTimeout(callBack, ms);
    return () => clearTimeout(timer);
  },
};
