import type { EventRecord } from "../../ports/delivery-store.ts";
import type { NamespaceContext } from "../context.ts";
import { notFound } from "../errors.ts";

/** An event of the namespace's log. Throws `not_found`, also for one that waits for its dispatch. */
export async function getEvent({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly eventId: string };
}): Promise<EventRecord> {
  const event = await ctx.stores.events.get(input.eventId);
  if (event === null || event.namespace_id !== ctx.namespace._id) {
    throw notFound("event", input.eventId);
  }
  return event;
}
