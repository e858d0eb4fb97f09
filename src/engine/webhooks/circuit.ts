/** So many failed attempts in a row, without one success, open an endpoint's circuit. */
export const CIRCUIT_THRESHOLD = 10;

/** How long the circuit stays open at first, in seconds; twice as long after each failed probe. */
const COOL_DOWN_SECONDS = 60;

/** An endpoint that is dead is asked once in so many seconds: five days of it are 120 attempts. */
const MAX_COOL_DOWN_SECONDS = 3600;

/** Each cool-down is up to this part shorter or longer, so that what failed together isn't asked together. */
const JITTER = 0.2;

/**
 * How long a probe may be under way before cron lets another one through, in milliseconds: longer
 * than its message, an attempt (15 s) and the writes around it may take.
 */
export const PROBE_PATIENCE_MS = 2 * 60_000;

/** The cool-down of a circuit that opens after it has opened `openings` times in a row, in milliseconds. */
export function coolDownMs(openings: number, random: () => number): number {
  const seconds = Math.min(COOL_DOWN_SECONDS * 2 ** openings, MAX_COOL_DOWN_SECONDS);
  return Math.round(seconds * 1000 * (1 - JITTER + 2 * JITTER * random()));
}
