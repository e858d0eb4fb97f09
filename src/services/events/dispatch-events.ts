import type { EventRecord } from "../../ports/delivery-store.ts";
import type { DispatchMessage } from "../../ports/queue.ts";
import type { PendingEvent, TaskRecord } from "../../ports/task-store.ts";
import type { WebhookRecord } from "../../ports/webhook-store.ts";
import type { ServiceContext } from "../context.ts";
import { dispatchPublished } from "./dispatch-published.ts";
import { eventsOfTask, loggedEvent } from "./events-of-task.ts";
import { fanOut } from "./fan-out.ts";
import { runSystemSubscribers } from "./system-subscribers.ts";

/** How much a dispatch found to do; none when another had done it. */
export type DispatchReport = { readonly events: number; readonly deliveries: number };

const NOTHING: DispatchReport = { events: 0, deliveries: 0 };

/**
 * Dispatches what waits in an outbox: system subscribers first (the resource that mirrors the
 * task), then the log, then the endpoints, and only then is the outbox settled. A crash or a
 * second message at any point repeats it from the start, and each step may run twice: the mirror
 * is guarded by version, events and deliveries have ids that the event decides (P3, P7).
 */
export async function dispatchEvents({
  ctx,
  input,
}: {
  ctx: ServiceContext;
  input: DispatchMessage;
}): Promise<DispatchReport> {
  switch (input.source) {
    case "task": {
      const task = await ctx.stores.tasks.get(input.id);
      // Another dispatch has done it, most likely.
      if (task === null || task.pending_events.length === 0) return NOTHING;
      return dispatchTasks(ctx, [task]);
    }
    case "webhook": {
      const webhook = await ctx.stores.webhooks.get(input.id);
      return webhook === null ? NOTHING : dispatchWebhook(ctx, webhook);
    }
    case "event": {
      const event = await ctx.stores.events.getPublished(input.id);
      if (event === null || event.outbox_at === null) return NOTHING;
      return { events: 1, deliveries: await dispatchPublished(ctx, [event]) };
    }
  }
}

/**
 * Dispatches the events of tasks of one namespace as they stood when the tasks were read; those
 * that came in since stay. As many commands for many tasks as for one, but for what each delivery
 * needs.
 */
export async function dispatchTasks(
  ctx: ServiceContext,
  tasks: readonly TaskRecord[],
): Promise<DispatchReport> {
  const now = ctx.runtime.now();
  await runSystemSubscribers({ ctx, tasks });
  const report = await dispatch(
    ctx,
    tasks.flatMap((task) => eventsOfTask(task, now)),
  );
  await ctx.stores.tasks.settleEvents(
    tasks.map((task) => ({ ownerId: task._id, eventIds: idsOf(task.pending_events) })),
  );
  return report;
}

/** Dispatches an endpoint's own events (`webhook.endpoint.disabled`) to the other endpoints. */
export async function dispatchWebhook(
  ctx: ServiceContext,
  webhook: WebhookRecord,
): Promise<DispatchReport> {
  if (webhook.pending_events.length === 0) return NOTHING;
  const now = ctx.runtime.now();
  const report = await dispatch(
    ctx,
    webhook.pending_events.map((event) => loggedEvent(event, webhook.namespace_id, null, now)),
  );
  await ctx.stores.webhooks.settleEvents(webhook._id, idsOf(webhook.pending_events));
  return report;
}

/** The ids by which an outbox is settled. */
function idsOf(events: readonly PendingEvent[]): readonly string[] {
  return events.map((event) => event.event_id);
}

async function dispatch(
  ctx: ServiceContext,
  events: readonly EventRecord[],
): Promise<DispatchReport> {
  await ctx.stores.events.insertMany(events);
  return { events: events.length, deliveries: await fanOut(ctx, events) };
}
