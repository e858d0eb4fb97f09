/** How long one operation of MongoDB may take on the wire, and how late its last try may begin, in milliseconds. */
export const OPERATION_TIMEOUT_MS = 10_000;

/**
 * How long after its call an operation may still take effect, in milliseconds. A lease that lasts
 * longer than this outlasts the write that is sent under it.
 */
export const OPERATION_ENDS_WITHIN_MS = 2 * OPERATION_TIMEOUT_MS;
