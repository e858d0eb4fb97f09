import { parseWaitMs } from "./durations.ts";
import type { Answer } from "./outcome.ts";
import type { RetryExpression } from "./retry-expression.ts";

const DAY_MS = 86_400_000;

/** Response headers that say when to come again, in the order in which they are looked at. */
const WAIT_HEADERS = [
  "Retry-After",
  "X-Ratelimit-Reset",
  "X-Ratelimit-Reset-Requests",
  "X-Ratelimit-Reset-Tokens",
];

/**
 * `min(86400, e^(2.5 n))` whole seconds before the retry number `n` (1 for the first): 12 s,
 * 2 min 28 s, 30 min 8 s, 6 h 7 min 6 s, one day.
 *
 * From https://upstash.com/docs/qstash/features/retry.
 */
function backOffMs(n: number): number {
  return Math.min(DAY_MS, Math.floor(Math.exp(2.5 * n)) * 1_000);
}

/**
 * How long to wait after a failed attempt: what the destination asked for (up to one day), else
 * the message's own expression, else the default back-off.
 *
 * From https://upstash.com/docs/qstash/features/retry#retry-after-headers.
 */
export function retryDelayMs(options: {
  readonly retried: number;
  readonly expression: RetryExpression | undefined;
  readonly answer: Answer | undefined;
  readonly nowMs: number;
}): number {
  const { retried, expression, answer, nowMs } = options;
  for (const name of WAIT_HEADERS) {
    const value = answer?.header[name]?.[0];
    const waitMs = value === undefined ? null : parseWaitMs(value, nowMs);
    if (waitMs !== null && waitMs <= DAY_MS) return waitMs;
  }
  const ownMs = expression?.evaluate(retried);
  // sqrt(-1) and 1/0 parse but are no delay: fall back instead of retrying at once for ever.
  if (ownMs !== undefined && Number.isFinite(ownMs)) return Math.min(DAY_MS, Math.max(0, ownMs));
  return backOffMs(retried + 1);
}
