import type { Context } from "hono";
import { accepts } from "hono/accepts";

const EVENTS = "text/event-stream";

/**
 * Whether a request's `Accept` (RFC 9110, section 12.5.1) asks for server-sent events rather than
 * for one of the `others` that there are. Nothing, and any type, is no request for a stream.
 */
export function acceptsEvents(c: Context, others: readonly string[]): boolean {
  const supports = [...others, EVENTS];
  return accepts(c, { header: "Accept", supports, default: "" }) === EVENTS;
}
