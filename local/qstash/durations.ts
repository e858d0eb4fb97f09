import { invalid } from "./errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
};

/**
 * Reads `50s`, `10h`, `1d10h30m`: the form of Upstash-Delay and Upstash-Timeout.
 *
 * From https://upstash.com/docs/qstash/features/delay.
 */
export function parseDurationMs(header: string, text: string): number {
  if (!/^(?:\d+[dhms])+$/.test(text)) {
    throw invalid(`invalid ${header}: "${text}" is not a duration like 50s, 10h or 1d10h30m`);
  }
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)([dhms])/g)) {
    totalMs += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return totalMs;
}

const WAIT_UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const WAIT_PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g;
const WAIT = new RegExp(`^(?:${WAIT_PART.source})+$`);

/**
 * Reads a destination's Retry-After: seconds, an RFC 1123 date, or `6m5s`. Null when unreadable.
 *
 * From https://upstash.com/docs/qstash/features/retry#retry-after-headers.
 */
export function parseWaitMs(text: string, nowMs: number): number | null {
  const trimmed = text.trim();
  if (/^\d+(?:\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1_000;
  if (WAIT.test(trimmed)) {
    let totalMs = 0;
    for (const [, amount, unit] of trimmed.matchAll(WAIT_PART)) {
      totalMs += Number(amount) * (WAIT_UNIT_MS[unit ?? ""] ?? 0);
    }
    return totalMs;
  }
  const dateMs = trimmed.endsWith("GMT") ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}
