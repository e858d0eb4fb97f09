import type { EventRecord } from "../../ports/delivery-store.ts";
import type { ServiceContext } from "../context.ts";
import { isDispatchWanted } from "../tasks/request-dispatch.ts";

/**
 * Asks the queue to dispatch a published event, if a handler wants it at once, and tells those who follow
 * the namespace's events. Only a matter of speed: the relay finds what waits for its dispatch, and
 * streams look into the log; so a failure is logged and no more.
 */
export async function announceEvent({
  ctx,
  event,
}: {
  ctx: ServiceContext;
  event: EventRecord;
}): Promise<void> {
  const { stores, runtime } = ctx;
  runtime.defer(tell(ctx, event));
  try {
    if (!(await isDispatchWanted(ctx, event.namespace_id, [event]))) return;
    await stores.queue.publishDispatch(
      { source: "event", id: event._id },
      { deduplicationId: event._id },
    );
  } catch (error) {
    runtime.log("warn", "the dispatch was left to the relay", {
      event_id: event._id,
      error: String(error),
    });
  }
}

async function tell(ctx: ServiceContext, event: EventRecord): Promise<void> {
  const { taskCache, watchers } = ctx.stores;
  try {
    if (!(await taskCache.isNamespaceWatched(event.namespace_id))) return;
    await watchers.tell(event.namespace_id, [event]);
  } catch (error) {
    ctx.runtime.log("warn", "streams find an event in the log", {
      event_id: event._id,
      error: String(error),
    });
  }
}
