import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { patchGlobals } from "./globals.ts";

/** What runs one copy of the worker. Once it is dead, nothing that it began goes any further. */
export type Isolate = {
  readonly isDead: boolean;
  /** Resolves at its death. */
  readonly died: Promise<void>;
  /** Requests, messages, cron runs and deferred work that have not ended. */
  readonly running: number;
  /** Runs a program in it: what that does, however much later, is the isolate's. */
  run<Result>(program: () => Promise<Result>): Promise<Result>;
  kill(): void;
};

/** How long an operation of a program takes, in milliseconds. */
export type Delays = {
  /** Until it takes effect. */
  readonly flightMs: () => number;
  /** From then on, until its caller hears of it. */
  readonly pauseMs: () => number;
};

/** What a machine asks of the world around it. */
export type Surroundings = {
  readonly now: () => number;
  readonly random: () => number;
  /** Calls back once at a virtual time; the result calls it off. */
  readonly schedule: (atMs: number, run: () => void) => () => void;
  /** What answers a program's requests. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Takes what programs log. */
  readonly log: (line: string) => void;
  /** Null: every operation is done at once. */
  readonly delays: Delays | null;
};

type State = {
  running: number;
  isDead: boolean;
  markDead: () => void;
  readonly died: Promise<void>;
};

/** How often nothing may happen in a row before everything waits. */
const CALM_TURNS = 2;

const currentIsolate = new AsyncLocalStorage<State>();

/**
 * The machine that isolates run on, in this process. For them, `fetch`, timers, the time, chance and
 * cryptography are the world's: nothing real is waited for, and one seed gives one story.
 */
export function createMachine(around: Surroundings) {
  let happenings = 0;
  let computing = 0;
  let lastResult: Promise<unknown> = Promise.resolve();

  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      around.schedule(around.now() + ms, resolve);
    });

  /** Carries out what an isolate asks of the world outside; forgotten when it dies meanwhile. */
  function operate<Result>(perform: () => Promise<Result>): Promise<Result> {
    const isolate = currentIsolate.getStore();
    happenings += 1;
    if (isolate === undefined) return perform();
    return new Promise((resolve, reject) => {
      if (isolate.isDead) return;
      const unlessDead = (end: () => void): void => {
        happenings += 1;
        if (!isolate.isDead) end();
      };
      delayed(isolate, perform).then(
        (result) => unlessDead(() => resolve(result)),
        (error: unknown) => unlessDead(() => reject(error)),
      );
    });
  }

  async function delayed<Result>(isolate: State, perform: () => Promise<Result>): Promise<Result> {
    const { delays } = around;
    if (delays === null) return perform();
    await wait(delays.flightMs());
    // What was sent before a death takes effect after it, or never does.
    if (isolate.isDead && around.random() < 0.5) return new Promise(() => undefined);
    try {
      return await perform();
    } finally {
      await wait(delays.pauseMs());
    }
  }

  /** Real work in a thread of its own, whose results come in the order in which they were asked for. */
  function compute<Result>(work: () => Promise<Result>): Promise<Result> {
    computing += 1;
    const result = work();
    const inTurn = Promise.allSettled([lastResult, result]).then(() => {
      computing -= 1;
      happenings += 1;
      return result;
    });
    lastResult = inTurn.catch(() => undefined);
    return inTurn;
  }

  /** Resolves once all programs wait for time to pass, or for something that is held. */
  async function quiet(): Promise<void> {
    for (let calm = 0; calm < CALM_TURNS;) {
      const before = happenings;
      await nextTurn();
      calm = computing === 0 && happenings === before ? calm + 1 : 0;
    }
  }

  const restore = patchGlobals({
    isInside: () => currentIsolate.getStore() !== undefined,
    now: around.now,
    random: around.random,
    log: around.log,
    fetch: (request) => operate(() => around.fetch(request)),
    after: (ms, run) => {
      const isolate = currentIsolate.getStore();
      return around.schedule(around.now() + ms, () => {
        happenings += 1;
        if (isolate === undefined || isolate.isDead) return;
        currentIsolate.run(isolate, run);
      });
    },
    compute,
  });

  function createIsolate(): Isolate {
    const { promise: died, resolve } = Promise.withResolvers<void>();
    const state: State = { running: 0, isDead: false, markDead: resolve, died };
    return {
      get isDead() {
        return state.isDead;
      },
      get running() {
        return state.isDead ? 0 : state.running;
      },
      died,
      run: async (program) => {
        state.running += 1;
        happenings += 1;
        try {
          return await currentIsolate.run(state, program);
        } finally {
          state.running -= 1;
          happenings += 1;
        }
      },
      kill: () => {
        state.isDead = true;
        state.markDead();
      },
    };
  }

  return {
    createIsolate,
    operate,
    quiet,
    /** Says that something began that {@link quiet} must see. */
    note: () => {
      happenings += 1;
    },
    /** Leaves the isolate that the caller is in. */
    outside: <Result>(work: () => Result): Result => currentIsolate.exit(work),
    restore,
  };
}
