import type { DispatchMessage } from "../../ports/queue.ts";
import type { FanOutCursor, PendingEvent, TaskRecord } from "../../ports/task-store.ts";
import type { WebhookRecord } from "../../ports/webhook-store.ts";
import type { ServiceContext } from "../context.ts";
import { dispatchPublished } from "./dispatch-published.ts";
import { eventsOfTask, loggedEvent } from "../tasks/events-of-task.ts";
import { type DispatchReport, takeStep } from "./fan-out-steps.ts";
import { runSystemSubscribers } from "./system-subscribers.ts";

const NOTHING: DispatchReport = { events: 0, deliveries: 0 };

/**
 * Dispatches what waits in an outbox: system subscribers first (the resource that mirrors the
 * task), then the log, then the endpoints, and only then is the outbox settled. A crash or a
 * second message at any point repeats it from the start, and each step may run twice: the mirror
 * is guarded by version, events and deliveries have ids that the event decides (P3, P7).
 *
 * With many endpoints one call takes one step of the fan-out and hands on to the next by a message.
 * What came into the outbox meanwhile waits for its end: of an outbox one fan-out is under way.
 */
export async function dispatchEvents({
  ctx,
  input,
}: {
  ctx: ServiceContext;
  input: DispatchMessage;
}): Promise<DispatchReport> {
  if (input.source === "event") return dispatchEvent(ctx, input);
  const owner = await readOwner(ctx, input.source, input.id);
  // Another dispatch has done it, most likely.
  if (owner === null || owner.row.pending_events.length === 0) return NOTHING;
  const standing = owner.row.fan_out ?? null;
  if (!isSame(standing, input.fan_out ?? null)) return NOTHING;
  if (standing !== null) return continueFanOut(ctx, owner, standing);
  return owner.source === "task"
    ? dispatchTasks(ctx, [owner.row])
    : dispatchWebhook(ctx, owner.row);
}

/** Whose outbox it is. */
type Owner =
  | { readonly source: "task"; readonly row: TaskRecord }
  | { readonly source: "webhook"; readonly row: WebhookRecord };

async function readOwner(ctx: ServiceContext, source: Owner["source"], id: string) {
  switch (source) {
    case "task": {
      const row = await ctx.stores.tasks.get(id);
      return row === null ? null : ({ source, row } satisfies Owner);
    }
    case "webhook": {
      const row = await ctx.stores.webhooks.get(id);
      return row === null ? null : ({ source, row } satisfies Owner);
    }
  }
}

/** A published event is its own outbox. */
async function dispatchEvent(ctx: ServiceContext, input: DispatchMessage): Promise<DispatchReport> {
  const event = await ctx.stores.events.getPublished(input.id);
  if (event === null || event.outbox_at === null) return NOTHING;
  const standing = event.fan_out ?? null;
  if (!isSame(standing, input.fan_out ?? null)) return NOTHING;
  return dispatchPublished(ctx, [event], standing);
}

/** A message for another step than the one that is next is late or a duplicate. */
function isSame(one: FanOutCursor | null, other: FanOutCursor | null): boolean {
  return one?.through === other?.through && one?.after === other?.after;
}

/**
 * Dispatches the events of tasks of one namespace as they stood when the tasks were read; those
 * that came in since stay. As many commands for many tasks as for one, but for what each delivery
 * needs. None may have a fan-out under way.
 */
export async function dispatchTasks(
  ctx: ServiceContext,
  tasks: readonly TaskRecord[],
): Promise<DispatchReport> {
  const now = ctx.runtime.now();
  await runSystemSubscribers({ ctx, tasks });
  const events = tasks.flatMap((task) => eventsOfTask(task, now));
  await ctx.stores.events.insertMany(events);
  const outboxes = tasks.map((task) => ({ ownerId: task._id, events: task.pending_events }));
  return takeStep(ctx, { source: "task", outboxes, events, from: null });
}

/** Dispatches an endpoint's own events (`webhook.endpoint.disabled`) to the other endpoints. */
export async function dispatchWebhook(
  ctx: ServiceContext,
  webhook: WebhookRecord,
): Promise<DispatchReport> {
  const pending = webhook.pending_events;
  if (pending.length === 0) return NOTHING;
  const events = loggedEvents(ctx, { source: "webhook", row: webhook }, pending);
  await ctx.stores.events.insertMany(events);
  const outboxes = [{ ownerId: webhook._id, events: pending }];
  return takeStep(ctx, { source: "webhook", outboxes, events, from: null });
}

/** The next step of a fan-out: all that comes before the endpoints was done by the first. */
async function continueFanOut(
  ctx: ServiceContext,
  owner: Owner,
  from: FanOutCursor,
): Promise<DispatchReport> {
  const pending = owner.row.pending_events.filter(({ sequence }) => sequence <= from.through);
  const events = loggedEvents(ctx, owner, pending);
  const outboxes = [{ ownerId: owner.row._id, events: pending }];
  return takeStep(ctx, { source: owner.source, outboxes, events, from });
}

function loggedEvents(ctx: ServiceContext, owner: Owner, events: readonly PendingEvent[]) {
  const now = ctx.runtime.now();
  const taskId = owner.source === "task" ? owner.row._id : null;
  return events.map((event) => loggedEvent(event, owner.row.namespace_id, taskId, now));
}
