import type { ServiceContext } from "../context.ts";
import { tendHolds } from "../webhooks/deliveries/release-holds.ts";
import { tryRow, inRounds, type IsSpent } from "./rounds.ts";

/** Endpoints per round, each with one round of its deliveries, and rounds per run. */
const ENDPOINTS_PER_ROUND = 50;
const MAX_ROUNDS = 50;

/**
 * Processes the deliveries held for endpoints whose hold has ended: resumed, circuit closed,
 * suspended, or past the cool-down. Every endpoint gets one round before any gets another, so a
 * large backlog doesn't delay the others.
 */
export async function releaseHeld(
  ctx: ServiceContext,
  now: Date,
  isSpent: IsSpent,
): Promise<{ readonly moved: number; readonly failed: number }> {
  const failed = new Set<string>();
  let moved = 0;
  await inRounds({ maxRounds: MAX_ROUNDS, isSpent }, async () => {
    const limit = ENDPOINTS_PER_ROUND + failed.size;
    const due = await ctx.stores.webhooks.dueForHolds(now, limit);
    const endpoints = due.filter(({ _id }) => !failed.has(_id));
    for (const endpoint of endpoints) {
      const isDone = await tryRow(ctx, endpoint._id, async () => {
        moved += await tendHolds(ctx, endpoint, now);
      });
      if (!isDone) failed.add(endpoint._id);
    }
    return endpoints.length;
  });
  return { moved, failed: failed.size };
}
