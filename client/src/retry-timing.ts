import type { RetryPolicy } from "./options.ts";
import type { Runtime } from "./runtime.ts";

/** `Retry-After` in milliseconds from now: seconds or a date (RFC 9110, section 10.2.3); null when there is none that can be read. */
export function parseRetryAfter(value: string | null, now: number): number | null {
  const text = value?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const time = /^[A-Z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? null : Math.max(0, time - now);
}

/**
 * Milliseconds until the next try after `failed` failed ones; null when there is to be none. What
 * the service asked for is kept to exactly; otherwise anything up to a doubling limit.
 */
export function retryDelay(
  policy: RetryPolicy,
  failed: number,
  retryAfter: number | null,
  runtime: Runtime,
): number | null {
  if (failed > policy.limit) return null;
  if (retryAfter !== null) return retryAfter > policy.maxRetryAfter ? null : retryAfter;
  const limit = Math.min(policy.delay * 2 ** (failed - 1), policy.maxDelay);
  return Math.round(limit * runtime.random());
}
