import type { Operation } from "../faults.ts";

/**
 * What QStash may do though nothing failed: it promises delivery at least once, in no order.
 *
 * From https://upstash.com/docs/qstash/features/at-least-once. Faults that end in an error are
 * {@link FaultPlan}'s; these are the ones that end in a 2xx.
 */
export type MisbehaviourRule = {
  /** The operation is `{ name: "deliver", target: destination }`. */
  readonly match: (operation: Operation, body: Buffer) => boolean;
  /** How many messages it acts on; all when absent. */
  readonly times?: number;
} & (
  | {
      readonly kind: "duplicate";
      /** How often the destination is called with the message in all, 2 or more. */
      readonly deliveries: number;
      /** All at once instead of one after the other. Default false. */
      readonly together?: boolean;
    }
  | {
      readonly kind: "reorder";
      /** The message is held back until so many others have been attempted after it was due. */
      readonly after: number;
    }
);

type Held = { remaining: number; readonly release: () => void };

/** The misbehaviours in force on one stand-in; none by default. */
export class Misbehaviours {
  #rules: { readonly rule: MisbehaviourRule; applied: number }[] = [];
  #held: Held[] = [];

  /** Puts a rule in force and returns the function that lifts it. */
  add(rule: MisbehaviourRule): () => void {
    const armed = { rule, applied: 0 };
    this.#rules.push(armed);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== armed);
    };
  }

  /** Lifts all rules and lets go of what is held back. */
  clear(): void {
    this.#rules = [];
    this.releaseHeld();
  }

  /** How often to call the destination for a message that is delivered for the first time. */
  copies(operation: Operation, body: Buffer): { deliveries: number; together: boolean } {
    const rule = this.#take("duplicate", operation, body);
    if (rule?.kind !== "duplicate") return { deliveries: 1, together: false };
    return { deliveries: rule.deliveries, together: rule.together ?? false };
  }

  /** True when the message is held back; `release` is called when enough others have passed. */
  hold(operation: Operation, body: Buffer, release: () => void): boolean {
    const rule = this.#take("reorder", operation, body);
    if (rule?.kind !== "reorder") return false;
    this.#held.push({ remaining: rule.after, release });
    return true;
  }

  /** An attempt that wasn't held back has ended: those that waited for it come nearer. */
  attemptEnded(): void {
    for (const held of this.#held) held.remaining -= 1;
    const due = this.#held.filter((held) => held.remaining <= 0);
    this.#held = this.#held.filter((held) => held.remaining > 0);
    for (const held of due) held.release();
  }

  /** Lets go of what is held back though too few others came. */
  releaseHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (const { release } of held) release();
  }

  #take(kind: MisbehaviourRule["kind"], operation: Operation, body: Buffer) {
    for (const armed of this.#rules) {
      const { rule } = armed;
      if (rule.kind !== kind || !rule.match(operation, body)) continue;
      if (rule.times !== undefined && armed.applied >= rule.times) continue;
      armed.applied += 1;
      return rule;
    }
    return undefined;
  }
}
