import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

/** Counts what is under way: requests being answered and deliveries in flight. */
export class Activity {
  #underWay = 0;
  #waiters: (() => void)[] = [];

  /** Call the result exactly once when the thing has ended. */
  begin(): () => void {
    this.#underWay += 1;
    return () => {
      this.#underWay -= 1;
      if (this.#underWay > 0) return;
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const wake of waiters) wake();
    };
  }

  /** Resolves once nothing is under way and `isDue` says that nothing is about to start. */
  async idle(isDue: () => boolean): Promise<void> {
    for (;;) {
      // An answer on its way through the event loop may start something: look again after it.
      await nextTurn();
      if (this.#underWay > 0) {
        await new Promise<void>((resolve) => {
          this.#waiters.push(resolve);
        });
      } else if (isDue()) {
        await sleep(1);
      } else {
        return;
      }
    }
  }
}
