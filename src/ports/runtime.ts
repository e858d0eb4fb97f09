import type { NewId } from "../ids.ts";

/** One line of log: structured, never a secret, never a payload. */
export type Log = (
  level: "info" | "warn" | "error",
  message: string,
  fields?: Record<string, unknown>,
) => void;

/** What pure logic needs from outside: time, randomness, ids, a log, the network. */
export type Runtime = {
  readonly now: () => Date;
  /** In [0, 1). */
  readonly random: () => number;
  readonly newId: NewId;
  readonly log: Log;
  /** Lets work continue after the response was sent. Nobody waits for it; a failure is logged. */
  readonly defer: (work: Promise<unknown>) => void;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
};
