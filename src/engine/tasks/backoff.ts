/** How attempts are spaced, in seconds. */
export type Backoff = {
  /** The maximum delay before the first retry; doubled for each further one. */
  readonly base: number;
  /** No retry waits longer. */
  readonly cap: number;
};

/** The back-off of the built-in types. */
const DEFAULT_BACKOFF: Backoff = { base: 2, cap: 300 };

/**
 * The delay in seconds before the next attempt after `attempt` (from 1) failed: exponential
 * back-off with full jitter, at least one second, since the queue has no shorter delay
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function backoffSeconds(
  attempt: number,
  random: () => number,
  { base, cap }: Backoff = DEFAULT_BACKOFF,
): number {
  const ceiling = Math.min(cap, base * 2 ** (attempt - 1));
  return Math.max(1, Math.ceil(random() * ceiling));
}
