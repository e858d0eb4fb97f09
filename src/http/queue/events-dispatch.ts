import type { Context } from "hono";
import { z } from "zod";
import { EventId, TaskId, WebhookId } from "../../contract/ids.ts";
import type { DispatchMessage } from "../../ports/queue.ts";
import type { AppEnv } from "../app-env.ts";
import { dispatchEvents } from "../../engine/events/dispatch-events.ts";
import { malformedMessage, readMessage } from "./queue-message.ts";

const FanOut = z.object({ through: z.int().min(0), after: WebhookId });

const Message = z.discriminatedUnion("source", [
  z.object({ source: z.literal("task"), id: TaskId, fan_out: FanOut.optional() }),
  z.object({ source: z.literal("webhook"), id: WebhookId, fan_out: FanOut.optional() }),
  z.object({ source: z.literal("event"), id: EventId, fan_out: FanOut.optional() }),
]) satisfies z.ZodType<DispatchMessage>;

/** `POST /internal/events/dispatch`, called by the queue: dispatches an outbox's events. */
export async function eventsDispatch(c: Context<AppEnv>): Promise<Response> {
  const message = readMessage(c, Message);
  if (!message.success) return malformedMessage(c, message.error);
  return c.json(await dispatchEvents({ ctx: c.var.services, input: message.data }), 200);
}
