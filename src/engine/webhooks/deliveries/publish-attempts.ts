import type { DeliverySummaryRecord } from "../../../ports/delivery-store.ts";
import type { DeliveryMessage, PublishOptions } from "../../../ports/queue.ts";
import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import type { ServiceContext } from "../../context.ts";

/** How many attempts at one endpoint run at once by default. */
export const DEFAULT_CONCURRENCY = 10;

/** A message and its publish options. */
export type PublishedAttempt = {
  readonly message: DeliveryMessage;
  readonly options: PublishOptions;
};

/**
 * The queue's limits for an endpoint. The queue applies the limits of the latest publish to the
 * key, so all messages of an endpoint carry them, retries included.
 */
export function flowControlOf({
  _id,
  max_concurrency,
  rate_limit,
}: EndpointRecord): Pick<PublishOptions, "flowControl"> {
  return {
    flowControl: {
      key: _id,
      parallelism: max_concurrency ?? DEFAULT_CONCURRENCY,
      ...(rate_limit !== null && {
        rate: { max: rate_limit.max, periodSeconds: rate_limit.period_seconds },
      }),
    },
  };
}

/**
 * Publishes the next attempts of deliveries that had, or may have had, a message before. `mark`
 * distinguishes these messages from the earlier ones: the queue drops duplicates by name for ten
 * minutes. An attempt whose time is after `now` is delayed until then.
 */
export async function publishAttempts(
  ctx: ServiceContext,
  deliveries: readonly DeliverySummaryRecord[],
  webhooks: ReadonlyMap<string, EndpointRecord>,
  { now, mark }: { readonly now: Date; readonly mark: string },
): Promise<void> {
  if (deliveries.length === 0) return;
  await ctx.stores.queue.publishDeliveries(
    deliveries.map((delivery): PublishedAttempt => {
      const attempt = delivery.attempt_count + 1;
      const webhook = webhooks.get(delivery.webhook_id);
      const waitMs = (delivery.next_attempt_at?.getTime() ?? 0) - now.getTime();
      return {
        message: { delivery_id: delivery._id, attempt, snapshot: null },
        options: {
          deduplicationId: `${delivery._id}-${attempt}-${mark}`,
          ...(waitMs > 0 && { delaySeconds: Math.ceil(waitMs / 1000) }),
          ...(webhook !== undefined && flowControlOf(webhook)),
        },
      };
    }),
  );
}
