/** How many failed attempts in a row open an endpoint's circuit. */
export const CIRCUIT_THRESHOLD = 10;

/** How long the circuit stays open at first, in seconds; doubled after each failed probe. */
const COOL_DOWN_SECONDS = 60;

/** The longest time between probes of a dead endpoint, in seconds: 120 attempts in five days. */
const MAX_COOL_DOWN_SECONDS = 3600;

/**
 * The jitter of a cool-down, as a fraction either way, so endpoints that failed together aren't
 * probed together.
 */
const JITTER = 0.2;

/**
 * How long a probe may take before cron lets another one through, in milliseconds: longer than its
 * message, an attempt (15 s) and its writes can take.
 */
export const PROBE_PATIENCE_MS = 2 * 60_000;

/** The cool-down of a circuit that opens after it has opened `openings` times in a row, in milliseconds. */
export function coolDownMs(openings: number, random: () => number): number {
  const seconds = Math.min(COOL_DOWN_SECONDS * 2 ** openings, MAX_COOL_DOWN_SECONDS);
  return Math.round(seconds * 1000 * (1 - JITTER + 2 * JITTER * random()));
}
