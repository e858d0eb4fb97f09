import type { DispatchMessage } from "../../ports/queue.ts";
import type { PublishedEventRecord } from "../../ports/delivery-store.ts";
import type { FanOutCursor, TaskRecord } from "../../ports/task-store.ts";
import type { EndpointRecord } from "../../ports/endpoint-store.ts";
import type { EventHandler, ServiceContext } from "../context.ts";
import { loggedEvent } from "../tasks/events-of-task.ts";
import { type DispatchReport, takeStep } from "./fan-out-steps.ts";

const NOTHING: DispatchReport = { events: 0, deliveries: 0 };

/** Adds events to the log, which lists and streams read; a published event is already there. */
export const LOG_HANDLER: EventHandler = {
  name: "log",
  handle: async (ctx, { source, events }) => {
    if (source !== "event") await ctx.stores.events.insertMany(events);
  },
};

/**
 * Dispatches an outbox's events: every handler processes them in turn, and only then is the outbox
 * cleared. A crash or a second message at any point repeats it from the start, and each handler may
 * run twice: mirrors are guarded by version, and the ids of events and deliveries are derived from
 * the event (P3, P7).
 *
 * When the last handler has too much to do for one call, it takes one step and sends a message for
 * the next. An outbox has only one fan-out at a time: later events wait until it has ended.
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
  // Most likely, another dispatch has done it.
  if (owner === null || owner.row.pending_events.length === 0) return NOTHING;
  const standing = owner.row.fan_out ?? null;
  if (!isSame(standing, input.fan_out ?? null)) return NOTHING;
  return owner.source === "task"
    ? stepOfTasks(ctx, [owner.row], standing)
    : stepOfEndpoint(ctx, owner.row, standing);
}

/** Whose outbox it is. */
type Owner =
  | { readonly source: "task"; readonly row: TaskRecord }
  | { readonly source: "webhook"; readonly row: EndpointRecord };

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

/** A message for any step but the next one is late or a duplicate. */
function isSame(one: FanOutCursor | null, other: FanOutCursor | null): boolean {
  return one?.through === other?.through && one?.after === other?.after;
}

/**
 * Dispatches the events of one namespace's tasks as of when the tasks were read; later ones stay.
 * The number of commands doesn't grow with the number of tasks, except for deliveries. No task may
 * have a fan-out in progress.
 */
export async function dispatchTasks(
  ctx: ServiceContext,
  tasks: readonly TaskRecord[],
): Promise<DispatchReport> {
  return stepOfTasks(ctx, tasks, null);
}

/** Dispatches an endpoint's own events (`webhook.endpoint.disabled`) to the other endpoints. */
export async function dispatchEndpoint(
  ctx: ServiceContext,
  webhook: EndpointRecord,
): Promise<DispatchReport> {
  return webhook.pending_events.length === 0 ? NOTHING : stepOfEndpoint(ctx, webhook, null);
}

/**
 * Dispatches published events of one namespace, each its own outbox. `from` is where a fan-out in
 * progress continues.
 */
export async function dispatchPublished(
  ctx: ServiceContext,
  events: readonly PublishedEventRecord[],
  from: FanOutCursor | null,
): Promise<DispatchReport> {
  const [first] = events;
  if (first === undefined) return NOTHING;
  const outboxes = events.map(({ _id, sequence }) => ({
    ownerId: _id,
    events: [{ event_id: _id, sequence }],
  }));
  const dispatched = {
    source: "event",
    namespaceId: first.namespace_id,
    events,
    tasks: [],
  } as const;
  return takeStep(ctx, { dispatched, outboxes, from });
}

async function stepOfTasks(
  ctx: ServiceContext,
  tasks: readonly TaskRecord[],
  from: FanOutCursor | null,
): Promise<DispatchReport> {
  const [first] = tasks;
  if (first === undefined) return NOTHING;
  const now = ctx.runtime.now();
  const waiting = tasks.map((task) => ({ task, pending: throughCursor(task, from) }));
  const dispatched = {
    source: "task",
    namespaceId: first.namespace_id,
    events: waiting.flatMap(({ task, pending }) =>
      pending.map((event) => loggedEvent(event, task.namespace_id, task._id, now)),
    ),
    tasks,
  } as const;
  const outboxes = waiting.map(({ task, pending }) => ({ ownerId: task._id, events: pending }));
  return takeStep(ctx, { dispatched, outboxes, from });
}

async function stepOfEndpoint(
  ctx: ServiceContext,
  webhook: EndpointRecord,
  from: FanOutCursor | null,
): Promise<DispatchReport> {
  const { _id: ownerId, namespace_id: namespaceId } = webhook;
  const now = ctx.runtime.now();
  const pending = throughCursor(webhook, from);
  const events = pending.map((event) => loggedEvent(event, namespaceId, null, now));
  const dispatched = { source: "webhook", namespaceId, events, tasks: [] } as const;
  return takeStep(ctx, { dispatched, outboxes: [{ ownerId, events: pending }], from });
}

/** The events of the fan-out in progress; all waiting events if there is none. */
function throughCursor(
  { pending_events }: Pick<TaskRecord, "pending_events">,
  from: FanOutCursor | null,
) {
  return from === null
    ? pending_events
    : pending_events.filter(({ sequence }) => sequence <= from.through);
}
