import type { AttemptResult } from "../attempt.ts";
import type { ServiceContext } from "../../context.ts";
import type { DeliveryReport, DueAttempt } from "./deliver-webhook.ts";
import { ended } from "./record-outcome.ts";

/**
 * Records the attempt of a test, which is its last whatever came of it: who tests looks at the
 * answer and tries again. The endpoint's row of failures and its status are about real events, and
 * stay as they are, also at a 410.
 */
export async function recordTest({
  ctx,
  due,
  result,
}: {
  ctx: ServiceContext;
  due: DueAttempt;
  result: AttemptResult;
}): Promise<DeliveryReport> {
  const reason = result.error === null ? null : `the test failed: ${result.error}`;
  const recorded = await ctx.stores.deliveries.recordAttempt({
    ...ended(ctx, due, result),
    state: reason === null ? "DELIVERED" : "DEAD",
    errorMessage: reason,
  });
  if (!recorded) return { kind: "stale" };
  return reason === null ? { kind: "delivered" } : { kind: "dead", reason };
}
