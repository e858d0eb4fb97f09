import type { NewId } from "../ids.ts";

/** One line of log: structured, never a secret, never a payload. */
export type Log = (
  level: "info" | "warn" | "error",
  message: string,
  fields?: Record<string, unknown>,
) => void;

/** What pure logic needs of the outside: time, chance, ids, a voice, the network. */
export type Runtime = {
  readonly now: () => Date;
  /** In [0, 1). */
  readonly random: () => number;
  readonly newId: NewId;
  readonly log: Log;
  /** Lets work go on after the answer was sent; its failure is logged, nobody waits for it. */
  readonly defer: (work: Promise<unknown>) => void;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
};
