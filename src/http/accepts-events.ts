import type { Context } from "hono";
import { accepts } from "hono/accepts";

const EVENTS = "text/event-stream";

/**
 * Whether a request's `Accept` (RFC 9110, section 12.5.1) prefers server-sent events to the
 * `others`. An absent header, or one that accepts any type, doesn't ask for a stream.
 */
export function acceptsEvents(c: Context, others: readonly string[]): boolean {
  const supports = [...others, EVENTS];
  return accepts(c, { header: "Accept", supports, default: "" }) === EVENTS;
}
