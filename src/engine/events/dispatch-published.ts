import type { PublishedEventRecord } from "../../ports/delivery-store.ts";
import type { FanOutCursor } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { type DispatchReport, takeStep } from "./fan-out-steps.ts";

/**
 * Dispatches published events of one namespace, which are in the log already: to the endpoints
 * first, and only then is nothing due any more. A crash or a second message repeats it from the
 * start; deliveries have ids that the event decides (P3, P7). With many endpoints it is one step of
 * the fan-out; `from` is where an event's fan-out that is under way goes on.
 */
export function dispatchPublished(
  ctx: ServiceContext,
  events: readonly PublishedEventRecord[],
  from: FanOutCursor | null,
): Promise<DispatchReport> {
  const outboxes = events.map(({ _id, sequence }) => ({
    ownerId: _id,
    events: [{ event_id: _id, sequence }],
  }));
  return takeStep(ctx, { source: "event", outboxes, events, from });
}
