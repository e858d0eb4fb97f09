/**
 * Time as the stand-in sees it: the wall's, faster than the wall's, or driven by a test.
 */
export type Clock = {
  now(): number;
  /** Runs once at `atMs` or as soon after it as can be; the result cancels it. */
  schedule(atMs: number, run: () => void): () => void;
  /**
   * Only a driven clock has it: it waits for `settle` before it moves on from one due point to the
   * next, so that a delivery ends at the time at which it was made. The result takes it back.
   */
  settleWith?(settle: () => Promise<void>): () => void;
};

export type DrivenClock = Required<Clock> & {
  /** Moves time forward, and runs all that falls due on the way, in order. */
  advanceTo(ms: number): Promise<void>;
  advanceBy(ms: number): Promise<void>;
};

/** setTimeout fires at once when it is given more than this, so longer waits are cut in pieces. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** How long a driven clock waits, in real time, for what doesn't settle before it moves on. */
const DEFAULT_HELD_AFTER_MS = 2_000;

/** The wall clock. Its timers don't keep the process alive. */
export function realClock(): Clock {
  return timerClock(() => Date.now(), 1);
}

/** A clock that starts at the present and runs `factor` times faster than the wall's. */
export function scaledClock(factor: number): Clock {
  if (!(factor > 0 && Number.isFinite(factor))) {
    throw new RangeError(`a clock's speed has to be a number above 0, not ${factor}`);
  }
  const startMs = Date.now();
  return timerClock(() => startMs + (Date.now() - startMs) * factor, factor);
}

function timerClock(now: () => number, factor: number): Clock {
  return {
    now,
    schedule(atMs, run) {
      let timer: NodeJS.Timeout;
      const arm = (): void => {
        const waitMs = Math.max(0, Math.ceil((atMs - now()) / factor));
        timer = setTimeout(wake, Math.min(waitMs, LONGEST_TIMEOUT_MS));
        timer.unref();
      };
      // Node's timers may fire a millisecond early, and long waits come in pieces.
      const wake = (): void => (now() < atMs ? arm() : run());
      arm();
      return () => clearTimeout(timer);
    },
  };
}

type DrivenTimer = { readonly atMs: number; readonly run: () => void };

/**
 * A clock that stands still until a test moves it.
 *
 * `heldAfterMs` is for tests of time-outs: a destination that never answers would stop time for
 * good, so the clock moves on after so many real milliseconds in which something is still under way.
 */
export function drivenClock(
  startMs: number,
  { heldAfterMs = DEFAULT_HELD_AFTER_MS }: { heldAfterMs?: number } = {},
): DrivenClock {
  const timers = new Set<DrivenTimer>();
  const settlers = new Set<() => Promise<void>>();
  let nowMs = startMs;
  let lastAdvance: Promise<void> = Promise.resolve();

  const settle = async (): Promise<void> => {
    let giveUp: NodeJS.Timeout | undefined;
    const held = new Promise<void>((resolve) => {
      giveUp = setTimeout(resolve, heldAfterMs);
    });
    await Promise.race([Promise.all([...settlers].map((one) => one())), held]);
    clearTimeout(giveUp);
  };

  const runDue = (): void => {
    // Sorting keeps the order of scheduling among timers for the same time.
    const due = [...timers].filter((timer) => timer.atMs <= nowMs);
    due.sort((a, b) => a.atMs - b.atMs);
    for (const timer of due) {
      // One timer may have cancelled another that is due at the same time.
      if (timers.delete(timer)) timer.run();
    }
  };

  const advance = async (targetMs: number): Promise<void> => {
    if (targetMs < nowMs) throw new RangeError(`time can't go back from ${nowMs} to ${targetMs}`);
    for (;;) {
      runDue();
      await settle();
      const nextMs = earliest(timers);
      if (nextMs > targetMs) break;
      nowMs = Math.max(nowMs, nextMs);
    }
    nowMs = targetMs;
  };

  const queueAdvance = (target: () => number): Promise<void> => {
    // One after the other: two at once would run the same due points twice.
    const result = lastAdvance.then(() => advance(target()));
    lastAdvance = result.catch(() => undefined);
    return result;
  };

  return {
    now: () => nowMs,
    schedule(atMs, run) {
      const timer = { atMs, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    settleWith(settler) {
      settlers.add(settler);
      return () => void settlers.delete(settler);
    },
    advanceTo: (ms) => queueAdvance(() => ms),
    advanceBy: (ms) => queueAdvance(() => nowMs + ms),
  };
}

function earliest(timers: ReadonlySet<DrivenTimer>): number {
  let earliestMs = Infinity;
  for (const { atMs } of timers) earliestMs = Math.min(earliestMs, atMs);
  return earliestMs;
}
