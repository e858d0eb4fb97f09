import type { EventHandler } from "./context.ts";
import { LOG_HANDLER } from "./events/dispatch-events.ts";
import { TASK_HANDLERS } from "./tasks/event-handlers.ts";
import { ENDPOINT_HANDLER } from "./webhooks/deliveries/fan-out.ts";
import { SUBSCRIBER_HANDLER } from "./webhooks/deliveries/fan-out-to-subscribers.ts";

/**
 * The handlers of dispatched events, in order: the copies of a task, the apps' handlers, the log,
 * then the subscribers, so nobody receives an event before its effects can be read.
 */
export function eventHandlers(ofApps: readonly EventHandler[]): readonly EventHandler[] {
  return [...TASK_HANDLERS, ...ofApps, LOG_HANDLER, SUBSCRIBER_HANDLER, ENDPOINT_HANDLER];
}
