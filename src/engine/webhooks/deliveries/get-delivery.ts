import type { DeliveryRecord } from "../../../ports/delivery-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { notFound } from "../../errors.ts";

/** A delivery with its attempts. Throws `not_found`, also for one of another namespace. */
export async function getDelivery({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly deliveryId: string };
}): Promise<DeliveryRecord> {
  const delivery = await ctx.stores.deliveries.get(input.deliveryId);
  if (delivery?.namespace_id !== ctx.namespace._id) throw notFound("delivery", input.deliveryId);
  return delivery;
}
