/** How failed tries are repeated. Only what may safely be done twice is; see the README. */
export type RetryOptions = {
  /**
   * How many more tries follow a failed one. 0 turns retries off.
   *
   * @default 3
   */
  readonly limit?: number;
  /**
   * The longest wait before the first retry, in milliseconds; it doubles with each one. The wait is
   * chosen at random below it (full jitter), so that many clients don't come back together.
   *
   * @default 500
   */
  readonly delay?: number;
  /**
   * What the doubling ends at, in milliseconds.
   *
   * @default 30_000
   */
  readonly maxDelay?: number;
  /**
   * The longest `Retry-After` that is waited for, in milliseconds. It is waited for exactly; when the
   * service asks for more than this, the error is thrown at once with its `retryAfter`.
   *
   * @default 60_000
   */
  readonly maxRetryAfter?: number;
};

/** What {@link createClient} takes. */
export type ClientOptions = {
  /**
   * Where the service is, without `/v1`. A path in it is kept.
   *
   * @example "https://waybill.example.workers.dev"
   */
  readonly baseUrl: string;
  /** The API key: sent as `Authorization: Bearer …`. Not for pages that strangers open. */
  readonly key: string;
  /** The namespace of every call, by name or id; a call's own option goes before it. */
  readonly namespace?: string;
  /**
   * What sends the requests: a service binding's `fetch`, a proxy's, a test's.
   *
   * @default globalThis.fetch
   */
  readonly fetch?: typeof globalThis.fetch;
  /**
   * How long one try may take until its answer is read, in milliseconds. Retries each have their own.
   *
   * @default 30_000
   */
  readonly timeout?: number;
  /** A number is the same as `{ limit }`. */
  readonly retry?: number | RetryOptions;
};

/** What every call takes as its last argument; all of it optional. */
export type CallOptions = {
  /** Gives the call up: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** As {@link ClientOptions.timeout}, for this call. */
  readonly timeout?: number;
  /** As {@link ClientOptions.retry}, for this call. */
  readonly retry?: number | RetryOptions;
  /** As {@link ClientOptions.namespace}, for this call. */
  readonly namespace?: string;
  /** As {@link ClientOptions.key}, for this call: an executor reports with its job's token. */
  readonly key?: string;
  /**
   * The `Idempotency-Key` of a submission: 1 to 255 visible ASCII characters. Give one that your own
   * data determines, and a submission is made once even when your process dies and begins again.
   *
   * @default a new UUID for each call, kept over the call's retries
   */
  readonly idempotencyKey?: string;
  /** Headers beside the client's own, such as `traceparent`. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** {@link RetryOptions} with its defaults filled in. */
export type RetryPolicy = Required<RetryOptions>;

const DEFAULT_RETRY: RetryPolicy = {
  limit: 3,
  delay: 500,
  maxDelay: 30_000,
  maxRetryAfter: 60_000,
};

export const DEFAULT_TIMEOUT_MS = 30_000;

/** The policy that options name, those of the call before those of the client. */
export function retryPolicy(
  ...options: readonly (number | RetryOptions | undefined)[]
): RetryPolicy {
  const policy = { ...DEFAULT_RETRY };
  for (const given of options) {
    Object.assign(policy, typeof given === "number" ? { limit: given } : given);
  }
  return policy;
}
