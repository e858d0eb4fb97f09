import type { DeliverySummary } from "../../../contract/delivery.ts";
import type { NamespaceContext } from "../../context.ts";
import { presentDeliverySummary } from "./present-delivery.ts";

/** A history shows so many deliveries at most; the lists of the endpoints have all of them. */
const MAX_DELIVERIES = 1000;

/** The deliveries of a task's events, oldest first, for its history. One read. */
export async function deliveriesOfTask({
  ctx,
  taskId,
}: {
  ctx: NamespaceContext;
  taskId: string;
}): Promise<readonly DeliverySummary[]> {
  const page = await ctx.stores.deliveries.list(
    ctx.namespace._id,
    { taskIds: [taskId] },
    { direction: "ascending", limit: MAX_DELIVERIES, after: null },
  );
  return page.rows.map((delivery) => presentDeliverySummary(delivery));
}
