import type { ServiceContext } from "../context.ts";
import { dispatchPublished } from "../events/dispatch-events.ts";
import { relayOutboxes } from "./relay-outboxes.ts";
import type { IsSpent } from "./rounds.ts";

/** Dispatches the published events, each its own outbox, that nobody dispatched. */
export async function relayPublished(
  ctx: ServiceContext,
  now: Date,
  isSpent: IsSpent,
): Promise<{ readonly events: number; readonly failed: number }> {
  const { relayed, failed } = await relayOutboxes(
    ctx,
    {
      source: "event",
      due: (before, limit) => ctx.stores.events.dueForDispatch(before, limit),
      dispatch: (owners) => dispatchPublished(ctx, owners, null),
      perRound: 200,
      maxRounds: 50,
      together: 50,
    },
    now,
    isSpent,
  );
  return { events: relayed, failed };
}
