import type { EventRecord } from "../../ports/delivery-store.ts";
import type { ServiceContext } from "../context.ts";
import { fanOut } from "./fan-out.ts";

/**
 * Dispatches published events of one namespace, which are in the log already: to the endpoints
 * first, and only then is nothing due any more. A crash or a second message repeats it from the
 * start; deliveries have ids that the event decides (P3, P7). How many deliveries.
 */
export async function dispatchPublished(
  ctx: ServiceContext,
  events: readonly EventRecord[],
): Promise<number> {
  const deliveries = await fanOut(ctx, events);
  await ctx.stores.events.settle(events.map(({ _id }) => _id));
  return deliveries;
}
