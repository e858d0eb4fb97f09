import type { Clock } from "./clock.ts";

type Outstanding = { readonly atMs: number; cancel: () => void };

/** All that one server has scheduled, so that `idle` can look at it and `close` can cancel it. */
export class Timers {
  readonly #clock: Clock;
  readonly #outstanding = new Set<Outstanding>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Runs at `atMs`, or in the next turn of the event loop if that has passed; the result cancels. */
  at(atMs: number, run: () => void): () => void {
    const entry: Outstanding = { atMs, cancel: () => undefined };
    const fire = (): void => {
      this.#outstanding.delete(entry);
      run();
    };
    this.#outstanding.add(entry);
    if (atMs <= this.now()) {
      // A driven clock stands still: what is due already must not wait for its next move.
      const immediate = setImmediate(fire);
      entry.cancel = () => clearImmediate(immediate);
    } else {
      entry.cancel = this.#clock.schedule(atMs, fire);
    }
    return () => {
      this.#outstanding.delete(entry);
      entry.cancel();
    };
  }

  hasDue(): boolean {
    const now = this.now();
    for (const { atMs } of this.#outstanding) if (atMs <= now) return true;
    return false;
  }

  cancelAll(): void {
    for (const entry of this.#outstanding) entry.cancel();
    this.#outstanding.clear();
  }
}
