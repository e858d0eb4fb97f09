import type { EventHandler } from "./context.ts";
import { LOG_HANDLER } from "./events/dispatch-events.ts";
import { TASK_HANDLERS } from "./tasks/event-handlers.ts";
import { ENDPOINT_HANDLER } from "./webhooks/deliveries/fan-out.ts";
import { SUBSCRIBER_HANDLER } from "./webhooks/deliveries/fan-out-to-subscribers.ts";

/**
 * What acts on dispatched events, in order: the copies of a task, what the apps add, the log, and
 * then whoever subscribed, so that nobody hears of an event before its effects can be read.
 */
export function eventHandlers(ofApps: readonly EventHandler[]): readonly EventHandler[] {
  return [...TASK_HANDLERS, ...ofApps, LOG_HANDLER, SUBSCRIBER_HANDLER, ENDPOINT_HANDLER];
}
