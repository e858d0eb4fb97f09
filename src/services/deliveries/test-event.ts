import { exampleOf } from "../../contract/event-examples.ts";
import type { DeliveryRecord, EventRecord } from "../../ports/delivery-store.ts";

/**
 * The event of a test: an example of its type, marked inside what is signed. It follows from the
 * delivery alone and stands in no log, so that no stream, no other endpoint and no task's sequence
 * ever sees it, while each attempt sends the same bytes. Null for a type that there is not (any more).
 */
export function testEventOf(
  delivery: Pick<DeliveryRecord, "event_id" | "namespace_id" | "event_type" | "created_at">,
): EventRecord | null {
  const example = exampleOf(delivery.event_type);
  if (example === null) return null;
  return {
    _id: delivery.event_id,
    namespace_id: delivery.namespace_id,
    type: delivery.event_type,
    task_id: null,
    // No event of a task has it: they count from 1.
    sequence: 0,
    timestamp: delivery.created_at,
    data: { ...example, test: true },
    created_at: delivery.created_at,
  };
}
