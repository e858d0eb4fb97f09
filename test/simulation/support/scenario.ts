import type { Simulation } from "./simulation.ts";

/** Something that a client or the queue sets going, and what must have come of it in the end. */
export type Scenario<Prepared> = {
  readonly name: string;
  /** Brings about, undisturbed, the moment before. */
  readonly prepare: (simulation: Simulation) => Promise<Prepared>;
  /** What is to be disturbed. Must not reject: a client notes what it was answered. */
  readonly act: (simulation: Simulation, prepared: Prepared) => Promise<void>;
  /** What follows: a client that wasn't answered asks again, and what was held back goes on. */
  readonly release?: (prepared: Prepared) => Promise<void>;
  /** Which writes are disturbed: those up to the end of `act`, or all until nothing is left to do. */
  readonly disturbed: "act" | "until settled";
  /** Whether nothing is left to do. */
  readonly isSettled: (prepared: Prepared) => Promise<boolean>;
  /** What a client does only after a long time: it asks again. */
  readonly insist?: (prepared: Prepared) => Promise<void>;
  readonly check: (prepared: Prepared) => Promise<void>;
  /** Whether the worker needs a subscriber in code. */
  readonly hasSubscriber?: boolean;
};
