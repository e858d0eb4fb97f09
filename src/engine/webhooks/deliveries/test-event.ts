import { EVENT_EXAMPLES } from "../../../contract/event-example.ts";
import { isBuiltInEvent } from "../../../contract/event.ts";
import type { DeliveryRecord, EventRecord } from "../../../ports/delivery-store.ts";
import type { ServiceContext } from "../../context.ts";

/**
 * The event of a test: the example of its type, marked as a test inside the signed body. It is
 * derived from the delivery and never logged, so no stream, no other endpoint and no task's
 * sequence sees it. For a registered type it is the currently registered example: a resend after a
 * change sends the new one. Null for an unknown or deleted type, or one without an example.
 */
export async function testEventOf(
  ctx: ServiceContext,
  delivery: Pick<DeliveryRecord, "event_id" | "namespace_id" | "event_type" | "created_at">,
): Promise<EventRecord | null> {
  const example = await exampleOf(ctx, delivery.namespace_id, delivery.event_type);
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

async function exampleOf(
  ctx: ServiceContext,
  namespaceId: string,
  type: string,
): Promise<Readonly<Record<string, unknown>> | null> {
  if (isBuiltInEvent(type)) return EVENT_EXAMPLES[type].data;
  const registered = await ctx.stores.eventTypes.find(namespaceId, type);
  return registered === null || registered.example === null ? null : JSON.parse(registered.example);
}
