const DAY_MS = 86_400_000;
const MEBIBYTE = 1024 * 1024;

/** The limits of the pay-as-you-go plan: https://upstash.com/pricing/qstash. */
export const LIMITS = {
  messageBytes: 10 * MEBIBYTE,
  delayMs: 365 * DAY_MS,
  responseMs: 2 * 3_600_000,
  deadLetterRetentionMs: 7 * DAY_MS,
  schedules: 1_000,
  queues: 100,
  parallelism: 100,
} as const;

/** How long an id suppresses others: https://upstash.com/docs/qstash/features/deduplication. */
export const DEDUPLICATION_WINDOW_MS = 600_000;

/** "Only the last 10.000 logs are kept": https://upstash.com/docs/qstash/howto/debug-logs. */
export const KEPT_LOGS = 10_000;

/** Default and greatest page of every list: https://upstash.com/docs/qstash/api-reference. */
export const PAGE_SIZE = 100;

/** How many deliveries this stand-in makes at once, over all keys and queues. */
export const DELIVERIES_AT_ONCE = 50;

/** A whole batch may be larger than one message; this only bounds the stand-in's memory. */
export const REQUEST_BYTES = 64 * MEBIBYTE;
