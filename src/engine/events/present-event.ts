import type { LoggedEvent } from "../../contract/logged-event.ts";
import type { EventRecord } from "../../ports/delivery-store.ts";

/** An event of the log as callers see it: whole, however large. */
export function presentEvent(event: EventRecord): LoggedEvent {
  const frame = { namespace_id: event.namespace_id, sequence: event.sequence };
  return {
    event_id: event._id,
    type: event.type,
    timestamp: event.timestamp.toISOString(),
    // Twice: first in order, and last in authority.
    data: { ...frame, ...event.data, ...frame },
    task_id: event.task_id,
    created_at: event.created_at.toISOString(),
  };
}
