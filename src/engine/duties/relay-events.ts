import type { ServiceContext } from "../context.ts";
import { dispatchTasks, dispatchEndpoint, dispatchPublished } from "../events/dispatch-events.ts";
import { relayOutboxes } from "./relay-outboxes.ts";
import type { IsSpent } from "./rounds.ts";

/**
 * What a run dispatched, to all or the first endpoints; `failed` ones are left for the next run.
 */
export type RelayReport = {
  readonly tasks: number;
  readonly webhooks: number;
  readonly failed: number;
};

/** Dispatches the events of tasks, and of endpoints, that nobody dispatched. */
export async function relayEvents(
  ctx: ServiceContext,
  now: Date,
  isSpent: IsSpent,
): Promise<RelayReport> {
  const { stores } = ctx;
  const tasks = await relayOutboxes(
    ctx,
    {
      source: "task",
      due: (before, limit) => stores.tasks.dueForDispatch(before, limit),
      dispatch: (owners) => dispatchTasks(ctx, owners),
      perRound: 200,
      maxRounds: 50,
      together: 50,
    },
    now,
    isSpent,
  );
  const webhooks = await relayOutboxes(
    ctx,
    {
      source: "webhook",
      due: (before, limit) => stores.webhooks.dueForDispatch(before, limit),
      dispatch: async (owners) => {
        for (const owner of owners) await dispatchEndpoint(ctx, owner);
      },
      perRound: 20,
      maxRounds: 1,
      together: 1,
    },
    now,
    isSpent,
  );
  return {
    tasks: tasks.relayed,
    webhooks: webhooks.relayed,
    failed: tasks.failed + webhooks.failed,
  };
}

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
