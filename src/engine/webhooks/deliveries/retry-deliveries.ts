import { MAX_BULK_ROWS } from "../../../contract/bulk.ts";
import type { RetryDeliveriesOutcome, RetryDeliveriesRequest } from "../../../contract/delivery.ts";
import type { DeliverySummaryRecord } from "../../../ports/delivery-store.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { encodeCursor, pageOptions } from "../../paging.ts";
import { deliveryFilter } from "./read-deliveries.ts";
import { statusOf } from "./present-delivery.ts";
import { reopenDeliveries, reopenRefusal } from "./reopen-deliveries.ts";

/**
 * Resends one page of the dead letters that match a filter, oldest first, except tests. A refusal
 * becomes a row and doesn't affect the others. Takes five commands and requests for up to 100 of
 * them. A call that dies half-way can simply be repeated: reopened deliveries are no longer dead
 * letters, and the relay publishes what was not published. Throws `invalid_cursor`.
 */
export async function retryDeliveries({
  ctx,
  input: { dry_run: isDryRun = false, limit = MAX_BULK_ROWS, cursor, key, ...filters },
}: {
  ctx: NamespaceContext;
  input: RetryDeliveriesRequest & { readonly key: string | null };
}): Promise<RetryDeliveriesOutcome> {
  const page = await ctx.stores.deliveries.list(
    ctx.namespace._id,
    { ...deliveryFilter(filters), states: ["DEAD"], withTests: false },
    pageOptions({ sort: "created_at", limit, cursor }),
  );
  const webhooks = await endpointsOf(ctx, page.rows);
  const refusalOf = (row: DeliverySummaryRecord) =>
    reopenRefusal(row, webhooks.get(row.webhook_id) ?? null);
  const accepted = page.rows.filter((row) => refusalOf(row) === null);
  const after = isDryRun
    ? []
    : await reopenDeliveries({
        ctx,
        deliveries: accepted,
        webhooks,
        key: key ?? ctx.runtime.newId("delivery"),
      });
  const stands = new Map(after.map((delivery) => [delivery._id, delivery]));
  return {
    dry_run: isDryRun,
    results: page.rows.map((delivery) => {
      const code = refusalOf(delivery);
      return {
        delivery_id: delivery._id,
        webhook_id: delivery.webhook_id,
        status: statusOf((stands.get(delivery._id) ?? delivery).state),
        accepted: code === null,
        code,
      };
    }),
    pagination: { next_cursor: encodeCursor(page.next) },
  };
}

/** The endpoints that still exist, by id. */
async function endpointsOf(
  ctx: NamespaceContext,
  rows: readonly DeliverySummaryRecord[],
): Promise<ReadonlyMap<string, EndpointRecord>> {
  const found = await ctx.stores.webhooks.getMany([...new Set(rows.map((row) => row.webhook_id))]);
  return new Map(found.map((webhook) => [webhook._id, webhook]));
}
