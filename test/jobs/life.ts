import { StoreUnavailableError } from "../../src/ports/errors.ts";

/** When the worker dies: after so many more operations, before the next is applied or after. */
export type Crash = { readonly operations: number; readonly lost: "operation" | "answer" };

/** A worker's life as its stores see it. */
export type Life = {
  crashAfter(crash: Crash): void;
  revive(): void;
  /** The same object, whose methods fail once the worker is dead. */
  mortal<Target extends object>(target: Target): Target;
};

function dead(): Promise<never> {
  return Promise.reject(new StoreUnavailableError("mongodb", "the worker died"));
}

/**
 * Lets a worker die at any operation. A dead worker's code can't be stopped in a test, but nothing
 * that it does has an effect any more, which to everybody else is the same.
 */
export function createLife(): Life {
  let crash: Crash | null = null;
  let operations = 0;
  return {
    crashAfter: (next) => {
      crash = next;
      operations = 0;
    },
    revive: () => {
      crash = null;
    },
    mortal: (target) =>
      new Proxy(target, {
        get: (object, name, receiver) => {
          const member: unknown = Reflect.get(object, name, receiver);
          if (typeof member !== "function") return member;
          return (...parameters: unknown[]): unknown => {
            operations += 1;
            if (crash === null || operations <= crash.operations) {
              return Reflect.apply(member, object, parameters);
            }
            const isLastOne = operations === crash.operations + 1;
            if (isLastOne && crash.lost === "answer") {
              return Promise.resolve(Reflect.apply(member, object, parameters)).then(dead);
            }
            return dead();
          };
        },
      }),
  };
}
