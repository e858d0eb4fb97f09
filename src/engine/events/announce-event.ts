import type { EventRecord } from "../../ports/delivery-store.ts";
import { bestEffort } from "../best-effort.ts";
import type { ServiceContext } from "../context.ts";
import { publishDispatchIfWanted } from "../tasks/request-dispatch.ts";

/**
 * Asks the queue to dispatch a published event, if a handler wants it at once, and notifies
 * followers of the namespace's events. This is only for speed: the relay finds undispatched events
 * and streams read the log, so a failure is only logged.
 */
export async function announceEvent({
  ctx,
  event,
}: {
  ctx: ServiceContext;
  event: EventRecord;
}): Promise<void> {
  const fields = { event_id: event._id };
  ctx.runtime.defer(
    bestEffort(ctx, { log: "streams find an event in the log", fields, on: "everything" }, () =>
      tell(ctx, event),
    ),
  );
  await publishDispatchIfWanted(ctx, event.namespace_id, [event], {
    message: { source: "event", id: event._id },
    options: { deduplicationId: event._id },
    fields,
  });
}

async function tell({ stores }: ServiceContext, event: EventRecord): Promise<void> {
  if (!(await stores.taskCache.isNamespaceWatched(event.namespace_id))) return;
  await stores.watchers.tell(event.namespace_id, [event]);
}
