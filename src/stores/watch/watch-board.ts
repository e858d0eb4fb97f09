import type { Known, TaskNews } from "../../ports/watchers.ts";
import type { Clock } from "./clock.ts";

/**
 * How long the last news is kept, in milliseconds: it covers the time between a waiter's look into
 * the cache and its wait, with a wide margin.
 */
const REMEMBERED_MS = 30_000;

/** The longest wait, whatever is requested, so no forgotten wait stays; in milliseconds. */
const MAX_WAIT_MS = 60_000;

/** A wait in progress. */
export type Waiting = {
  /** The news; null when its time ran out or it was canceled. */
  readonly news: Promise<TaskNews | null>;
  readonly callOff: () => void;
};

type Waiter = { readonly known: Known; end: (news: TaskNews | null) => void };

/** The waiters of one task, and its last news. */
export class WatchBoard {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  #last: { readonly news: TaskNews; readonly at: number } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiters.size;
  }

  /** Ends the waits of all to whom this is news. Older news is ignored. */
  wake(news: TaskNews): void {
    const last = this.#recent();
    if (last !== null && last.version >= news.version) return;
    this.#last = { news, at: this.#clock.now() };
    for (const waiter of this.#waiters) {
      if (isBeyond(news, waiter.known)) waiter.end(news);
    }
  }

  /** Waits at most `ms` milliseconds for news beyond `known`. */
  wait(known: Known, ms: number): Waiting {
    const last = this.#recent();
    if (last !== null && isBeyond(last, known)) {
      return { news: Promise.resolve(last), callOff: nothing };
    }
    const waiter: Waiter = { known, end: nothing };
    const callOff = (): void => waiter.end(null);
    const news = new Promise<TaskNews | null>((resolve) => {
      const stopClock = this.#clock.after(Math.min(ms, MAX_WAIT_MS), callOff);
      waiter.end = (ending) => {
        stopClock();
        this.#waiters.delete(waiter);
        resolve(ending);
      };
      this.#waiters.add(waiter);
    });
    return { news, callOff };
  }

  #recent(): TaskNews | null {
    if (this.#last !== null && this.#clock.now() - this.#last.at > REMEMBERED_MS) this.#last = null;
    return this.#last?.news ?? null;
  }
}

function isBeyond(news: TaskNews, known: Known): boolean {
  return "version" in known ? news.version > known.version : news.sequence > known.sequence;
}

function nothing(): void {}
