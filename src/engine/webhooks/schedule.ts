/**
 * The wait before each attempt, in seconds since the previous attempt: about 28 hours in all. The
 * first entry is for the first attempt, which is sent at once.
 */
const DELAYS_SECONDS = [0, 5, 5 * 60, 30 * 60, 7_200, 18_000, 36_000, 36_000] as const;

/** After this many failed attempts a delivery is a dead letter. */
export const MAX_ATTEMPTS = DELAYS_SECONDS.length;

/**
 * The jitter of a wait, as a fraction either way, so deliveries that failed together aren't retried
 * together.
 */
const JITTER = 0.2;

/** A receiver may postpone the next attempt, but not forever. */
const MAX_RETRY_AFTER_SECONDS = 24 * 3600;

/**
 * Whole seconds (QStash's resolution) until the next attempt after attempt number `failed`; null
 * when that was the last. Retry-After is honoured, but never shortens the scheduled wait.
 */
export function secondsUntilNextAttempt({
  failed,
  retryAfterSeconds,
  random,
}: {
  /** From 1. */
  readonly failed: number;
  readonly retryAfterSeconds: number | null;
  /** In [0, 1). */
  readonly random: () => number;
}): number | null {
  const delay = DELAYS_SECONDS[failed];
  if (delay === undefined) return null;
  const jittered = Math.max(1, Math.round(delay * (1 - JITTER + 2 * JITTER * random())));
  return Math.max(jittered, Math.min(retryAfterSeconds ?? 0, MAX_RETRY_AFTER_SECONDS));
}

/**
 * The seconds that a Retry-After header asks for: a number of seconds or an HTTP-date in any of its
 * three forms (RFC 9110, sections 10.2.3 and 5.6.7); null when it is neither.
 */
export function parseRetryAfter(header: string | null, now: Date): number | null {
  const value = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(value)) return Number(value);
  if (!/^[A-Z][a-z]{2,8},? .*\d\d:\d\d:\d\d/.test(value)) return null;
  // The asctime form names no zone and means UTC; Date.parse would take it for local time.
  const at = Date.parse(value.endsWith("GMT") ? value : `${value} GMT`);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now.getTime()) / 1000));
}
