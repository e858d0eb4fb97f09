/**
 * How long after an attempt was due cron publishes it again if nothing was recorded: longer than
 * an attempt may take, with the queue's own first retry.
 */
export const RELAY_AFTER_MS = 2 * 60_000;
