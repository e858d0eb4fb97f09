/** The delay that the first retry may have at most; doubled for each further one. */
const BASE_SECONDS = 2;

/** No retry waits longer. */
const CAP_SECONDS = 300;

/**
 * Seconds before the next attempt after `attempt` (from 1) failed: exponential back-off with full
 * jitter, at least one second, since the queue has no shorter delay
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function backoffSeconds(attempt: number, random: () => number): number {
  const ceiling = Math.min(CAP_SECONDS, BASE_SECONDS * 2 ** (attempt - 1));
  return Math.max(1, Math.ceil(random() * ceiling));
}
