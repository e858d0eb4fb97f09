import type { EventRecord } from "../../../ports/delivery-store.ts";
import type { ReachableEndpoint } from "../../../ports/endpoint-store.ts";
import { isSubscribed, wantedBy } from "../../events/match.ts";
import { buildPayload } from "../payload.ts";
import type { EventHandler, HandlerReport, ServiceContext } from "../../context.ts";
import { planDelivery, storeDeliveries } from "./plan-deliveries.ts";

const ENDPOINTS_PER_PAGE = 200;

/**
 * The limits of one step, far below those of an invocation (CPU time and subrequests): 2,000
 * deliveries take about 50 calls. The endpoint that reaches a limit still gets all of the events.
 */
const ENDPOINTS_PER_STEP = 1000;
const DELIVERIES_PER_STEP = 2000;

/** Creates a delivery of each event for each subscribed endpoint, in as many steps as needed. */
export const ENDPOINT_HANDLER: EventHandler = {
  name: "endpoints",
  wants: (ctx, namespaceId) => ctx.stores.webhooks.anyActive(namespaceId),
  handle: (ctx, { events }) => fanOut(ctx, events, null),
  goOn: (ctx, { events }, after) => fanOut(ctx, events, after),
};

/**
 * Creates a delivery of each event for each active or paused endpoint that subscribes to it, in
 * order of id after `after` (null: from the first), as far as one step goes. All events belong to
 * one namespace. Each page is stored before it is published: if the queue is down, or after a crash
 * in between, the relay publishes what is stored.
 *
 * The endpoint's state when the walk reaches it decides. An endpoint that was created after the
 * events happened gets none of them.
 *
 * Each endpoint's events are written together and in the given order. Ordered delivery relies on
 * this: a task's later event never has a delivery before an earlier one has.
 */
async function fanOut(
  ctx: ServiceContext,
  events: readonly EventRecord[],
  after: string | null,
): Promise<HandlerReport> {
  const namespaceId = events[0]?.namespace_id;
  if (namespaceId === undefined) return { deliveries: 0, next: null };
  const payloads = new Map<string, string>();
  const payloadOf = (event: EventRecord) => {
    const payload = payloads.get(event._id) ?? buildPayload(event, ctx.config.publicUrl);
    payloads.set(event._id, payload);
    return payload;
  };
  const wantedByAny = wantedBy(events);
  let deliveries = 0;
  let endpoints = 0;
  let lastId = after;
  for (;;) {
    const page: readonly ReachableEndpoint[] = await ctx.stores.webhooks.receiversAfter(
      namespaceId,
      lastId,
      ENDPOINTS_PER_PAGE,
      wantedByAny,
    );
    const taken = takeWithin(DELIVERIES_PER_STEP - deliveries, page, events);
    const now = ctx.runtime.now();
    const planned = await Promise.all(
      taken.flatMap(({ endpoint, wanted }) =>
        wanted.map((event) => planDelivery(endpoint, event, payloadOf(event), now)),
      ),
    );
    await storeDeliveries(ctx, planned);
    deliveries += planned.length;
    endpoints += taken.length;
    lastId = taken.at(-1)?.endpoint._id ?? lastId;
    if (taken.length === page.length && page.length < ENDPOINTS_PER_PAGE) {
      return { deliveries, next: null };
    }
    if (deliveries >= DELIVERIES_PER_STEP || endpoints >= ENDPOINTS_PER_STEP) {
      return { deliveries, next: lastId };
    }
  }
}

/** An endpoint and the events that it subscribes to. */
type Taken = { readonly endpoint: ReachableEndpoint; readonly wanted: readonly EventRecord[] };

/** The first endpoints of a page, up to the one that reaches the limit of deliveries. */
function takeWithin(
  deliveries: number,
  page: readonly ReachableEndpoint[],
  events: readonly EventRecord[],
): readonly Taken[] {
  const taken: Taken[] = [];
  let count = 0;
  for (const endpoint of page) {
    if (count >= deliveries) break;
    const wanted = events.filter((event) => isSubscribed(endpoint, event));
    taken.push({ endpoint, wanted });
    count += wanted.length;
  }
  return taken;
}
