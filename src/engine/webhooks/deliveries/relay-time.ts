/**
 * How long after an attempt was due cron publishes it again if nothing was recorded: longer than an
 * attempt with the queue's first retry can take. Also when cron first looks at a held delivery, in
 * case its hold ended at the same moment: longer than any write can take.
 */
export const RELAY_AFTER_MS = 2 * 60_000;

/**
 * How often cron looks at a held delivery after that. Ending a hold releases its deliveries; this
 * is only a safety net.
 */
export const HELD_RECHECK_MS = 60 * 60_000;
