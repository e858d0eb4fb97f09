import type { EventRecord } from "../../ports/delivery-store.ts";
import type { EventMark, ToldEvents } from "../../ports/watchers.ts";
import type { Clock } from "./clock.ts";

/**
 * How many events are kept for readers that are busy with earlier ones, and for how long, in
 * milliseconds; one may have a few hundred kilobytes.
 */
const KEPT = 200;
const KEPT_MS = 30_000;

/** The longest wait, whatever is requested; in milliseconds. */
const MAX_WAIT_MS = 60_000;

/** A wait in progress. */
export type WaitingForEvents = {
  readonly told: Promise<ToldEvents>;
  readonly callOff: () => void;
};

/** The followers of one namespace's events, and the latest events, numbered as they arrived. */
export class EventBoard {
  readonly #clock: Clock;
  /** Numbers restart with each board, so a mark names its board. */
  readonly #hub: string;
  readonly #endings = new Set<() => void>();
  #last: readonly { readonly event: EventRecord; readonly at: number }[] = [];
  #count = 0;

  constructor(clock: Clock, hub: string) {
    this.#clock = clock;
    this.#hub = hub;
  }

  /** How many wait. */
  get size(): number {
    return this.#endings.size;
  }

  /** Ends all waits with these events. */
  tell(events: readonly EventRecord[]): void {
    this.#count += events.length;
    const at = this.#clock.now();
    this.#last = [...this.#last, ...events.map((event) => ({ event, at }))].slice(-KEPT);
    for (const end of this.#endings) end();
  }

  /** Waits at most `ms` milliseconds for events since `mark`. */
  wait(mark: EventMark, ms: number): WaitingForEvents {
    const since = this.#numberOf(mark);
    if (since < this.#count) return { told: Promise.resolve(this.#since(since)), callOff: nothing };
    const ending = { end: nothing };
    const callOff = (): void => ending.end();
    const told = new Promise<ToldEvents>((resolve) => {
      const stopClock = this.#clock.after(Math.min(ms, MAX_WAIT_MS), callOff);
      ending.end = () => {
        stopClock();
        this.#endings.delete(callOff);
        resolve(this.#since(since));
      };
      this.#endings.add(callOff);
    });
    return { told, callOff };
  }

  #numberOf(mark: EventMark): number {
    return mark.hub === this.#hub ? mark.number : 0;
  }

  #since(number: number): ToldEvents {
    const mark = { hub: this.#hub, number: this.#count };
    const missed = this.#count - number;
    const recent = this.#clock.now() - KEPT_MS;
    const told = missed === 0 ? [] : this.#last.slice(-missed).filter(({ at }) => at >= recent);
    return { mark, events: told.map(({ event }) => event) };
  }
}

function nothing(): void {}
