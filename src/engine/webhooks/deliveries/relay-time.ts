/**
 * How long after an attempt was due cron publishes it again if nothing was recorded: longer than
 * an attempt may take, with the queue's own first retry. Also when cron first looks at a delivery
 * that was held, in case what held it went at the same moment: longer than any write may take.
 */
export const RELAY_AFTER_MS = 2 * 60_000;

/**
 * How often cron looks at a held delivery after that. Who ends a hold releases what it held; this
 * only finds what nobody should ever have left.
 */
export const HELD_RECHECK_MS = 60 * 60_000;
