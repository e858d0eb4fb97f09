import { setTimeout as sleep } from "node:timers/promises";

/**
 * How a stand-in is told to misbehave, and how it says what it was asked to do.
 *
 * Each stand-in calls {@link OperationLog.record} for every operation it receives, and
 * {@link FaultPlan.decide} twice for it: once before it is carried out and once after. A test cuts
 * the worker off "at the third write, after it was applied" with one rule.
 */

/** One command, operation or message as a stand-in received it. */
export type Operation = {
  /** `SET`, `EVAL`; `insert`, `findAndModify`; `publish`, `deliver`. */
  readonly name: string;
  /** The Redis key, the MongoDB collection, or the QStash destination; "" where there is none. */
  readonly target: string;
  readonly isWrite: boolean;
};

export type FaultPhase = "before" | "after";

export type FaultAction =
  /** Closes the caller's connection without an answer. */
  | { readonly kind: "cut" }
  /** Holds the operation (before) or its answer (after) for this long, in real milliseconds. */
  | { readonly kind: "delay"; readonly ms: number }
  /** The same until the promise resolves: what a test lets go on when it is ready. */
  | { readonly kind: "hold"; readonly until: Promise<void> }
  /** Answers as the service does when it is out of order (Redis and QStash: HTTP 500). */
  | { readonly kind: "refuse" };

export type FaultRule = {
  readonly phase: FaultPhase;
  readonly match: (operation: Operation) => boolean;
  readonly action: FaultAction;
  /** How many matches it acts on; it acts on all of them when absent. */
  readonly times?: number;
  /** How many matches it lets pass first. Default 0. */
  readonly skip?: number;
  /** Called each time that it acts, just before it does: a test crashes a client at that moment. */
  readonly onAct?: (operation: Operation) => void;
};

type ArmedRule = { readonly rule: FaultRule; skipped: number; applied: number };

/** Waits for as long as a `delay` or a `hold` says. */
export async function waitFor(
  action: Extract<FaultAction, { kind: "delay" | "hold" }>,
): Promise<void> {
  await (action.kind === "delay" ? sleep(action.ms) : action.until);
}

/** The rules in force on one stand-in; empty by default. */
export class FaultPlan {
  #rules: ArmedRule[] = [];

  /** Puts a rule in force and returns the function that lifts it. */
  add(rule: FaultRule): () => void {
    const armed: ArmedRule = { rule, skipped: 0, applied: 0 };
    this.#rules.push(armed);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== armed);
    };
  }

  clear(): void {
    this.#rules = [];
  }

  /** The action of the first rule that matches and is not used up, or null. */
  decide(phase: FaultPhase, operation: Operation): FaultAction | null {
    for (const armed of this.#rules) {
      const { rule } = armed;
      if (rule.phase !== phase || !rule.match(operation)) continue;
      if (armed.skipped < (rule.skip ?? 0)) {
        armed.skipped += 1;
        continue;
      }
      if (rule.times !== undefined && armed.applied >= rule.times) continue;
      armed.applied += 1;
      rule.onAct?.(operation);
      return rule.action;
    }
    return null;
  }
}

/** What a stand-in was asked to do, in order of arrival, for tests that count costs. */
export class OperationLog {
  #operations: Operation[] = [];
  readonly #limit: number;

  /** `limit` bounds the memory of a long-lived stack: the oldest half is dropped beyond it. */
  constructor(limit = 200_000) {
    this.#limit = limit;
  }

  record(operation: Operation): void {
    this.#operations.push(operation);
    if (this.#operations.length > this.#limit) {
      this.#operations = this.#operations.slice(-this.#limit / 2);
    }
  }

  all(): readonly Operation[] {
    return this.#operations;
  }

  clear(): void {
    this.#operations = [];
  }
}
