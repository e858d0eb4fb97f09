import type { PublishedEventRecord } from "../ports/delivery-store.ts";
import type { ServiceContext } from "../services/context.ts";
import { dispatchPublished } from "../services/events/dispatch-published.ts";
import { resumeFanOuts } from "../services/events/fan-out-steps.ts";
import { failuresOf } from "./failures-of.ts";
import { inRounds, type IsSpent } from "./rounds.ts";

/** What was published later is left to the message that its publisher sent. */
const PATIENCE_MS = 10_000;

/** Events that are read at once, and rounds per run. */
const EVENTS_PER_ROUND = 200;
const MAX_ROUNDS = 50;

/** A run that meets more bad events than this gives up: they would fill every page. */
const MAX_FAILED = 200;

/**
 * Dispatches the published events that nobody dispatched: the message was lost, the queue is down,
 * or there was no subscriber to publish it for. Those of a namespace go together, and one by one
 * when that fails, to find the one that is to blame.
 */
export async function relayPublished(
  ctx: ServiceContext,
  now: Date,
  isSpent: IsSpent,
): Promise<{ events: number; failed: number }> {
  const before = new Date(now.getTime() - PATIENCE_MS);
  const failed = new Set<string>();
  const events = await inRounds({ maxRounds: MAX_ROUNDS, isSpent }, async () => {
    if (failed.size > MAX_FAILED) return 0;
    const limit = EVENTS_PER_ROUND + failed.size;
    const due = (await ctx.stores.events.dueForDispatch(before, limit)).filter(
      ({ _id }) => !failed.has(_id),
    );
    let dispatched = await resume(ctx, due.filter(isUnderWay), failed);
    const fresh = due.filter((event) => !isUnderWay(event));
    for (const namespaceId of new Set(fresh.map((event) => event.namespace_id))) {
      const own = fresh.filter((event) => event.namespace_id === namespaceId);
      dispatched += await relayTogether(ctx, own, failed);
    }
    return dispatched;
  });
  return { events, failed: failed.size };
}

function isUnderWay(event: PublishedEventRecord): boolean {
  return (event.fan_out ?? null) !== null;
}

/** Hands fan-outs to the queue; how many it took. The others are passed over in this run. */
async function resume(
  ctx: ServiceContext,
  events: readonly PublishedEventRecord[],
  failed: Set<string>,
): Promise<number> {
  if (events.length === 0) return 0;
  if (await resumeFanOuts(ctx, "event", events)) return events.length;
  for (const { _id } of events) failed.add(_id);
  return 0;
}

async function relayTogether(
  ctx: ServiceContext,
  events: readonly PublishedEventRecord[],
  failed: Set<string>,
): Promise<number> {
  const [first] = events;
  if (first === undefined) return 0;
  const failures = await failuresOf(ctx, first._id, () => dispatchPublished(ctx, events, null));
  if (failures === 0) return events.length;
  if (events.length === 1) {
    failed.add(first._id);
    return 0;
  }
  let dispatched = 0;
  for (const event of events) dispatched += await relayTogether(ctx, [event], failed);
  return dispatched;
}
