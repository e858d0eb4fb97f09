import type { Context } from "hono";
import { z } from "zod";
import { EventId, TaskId, WebhookId } from "../contract/ids.ts";
import type { AppEnv } from "../routes/app-env.ts";
import { dispatchEvents } from "../services/events/dispatch-events.ts";
import { malformedMessage, readMessage } from "./queue-message.ts";

const Message = z.discriminatedUnion("source", [
  z.object({ source: z.literal("task"), id: TaskId }),
  z.object({ source: z.literal("webhook"), id: WebhookId }),
  z.object({ source: z.literal("event"), id: EventId }),
]);

/** `POST /internal/events/dispatch`, called by the queue: dispatches what waits in an outbox. */
export async function eventsDispatch(c: Context<AppEnv>): Promise<Response> {
  const message = await readMessage(c, Message);
  if (!message.success) return malformedMessage(c, message.error);
  return c.json(await dispatchEvents({ ctx: c.var.services, input: message.data }), 200);
}
