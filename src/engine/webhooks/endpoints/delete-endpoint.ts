import type { NamespaceContext } from "../../context.ts";
import { undeliverableReason } from "../deliveries/holds.ts";
import { deadLetterHeld, HELD_PER_ROUND } from "../deliveries/release-holds.ts";
import { bestEffort } from "../../best-effort.ts";
import { getEndpoint } from "./read-endpoints.ts";

/** How many rounds of held deliveries a removal itself turns into dead letters. */
const MAX_ROUNDS = 10;

/**
 * Removes an endpoint. Its deliveries become dead letters and stay readable: pending ones when they
 * come up, held ones in rounds, here or by cron. Throws `not_found`.
 */
export async function deleteEndpoint({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly webhookId: string };
}): Promise<void> {
  // Looked up first: a removal that is repeated because its response was lost finds nothing.
  const webhook = await getEndpoint({ ctx, input });
  await ctx.stores.webhooks.remove(ctx.namespace._id, webhook._id);
  await bestEffort(ctx, { log: "cron makes dead letters of what was held" }, async () => {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const ended = await deadLetterHeld(ctx, webhook._id, undeliverableReason(null) ?? "");
      if (ended < HELD_PER_ROUND) return;
    }
  });
}
