import type { Context } from "hono";
import { z } from "zod";
import { DeliveryId, EventId, NamespaceId, WebhookId } from "../../contract/ids.ts";
import type { DeliveryMessage } from "../../ports/queue.ts";
import type { AppEnv } from "../app-env.ts";
import { attemptDelivery } from "../../engine/webhooks/deliveries/attempt-delivery.ts";
import { malformedMessage, readMessage } from "./queue-message.ts";

const Message = z.object({
  delivery_id: DeliveryId,
  attempt: z.int().min(1),
  snapshot: z
    .object({
      namespace_id: NamespaceId,
      webhook_id: WebhookId,
      event_id: EventId,
      url: z.string(),
      sealed_headers: z.string().nullable(),
      sealed_secrets: z.array(z.string()),
      payload: z.string(),
    })
    .nullable(),
}) satisfies z.ZodType<DeliveryMessage>;

/** `POST /internal/webhooks/deliver`, called by the queue: makes one attempt at a delivery. */
export async function webhooksDeliver(c: Context<AppEnv>): Promise<Response> {
  const message = readMessage(c, Message);
  if (!message.success) return malformedMessage(c, message.error);
  // How often QStash has retried this message; absent or 0 the first time.
  const redelivered = Number(c.req.header("Upstash-Retried") ?? 0) > 0;
  const input = { ...message.data, redelivered };
  return c.json(await attemptDelivery({ ctx: c.var.services, input }), 200);
}
