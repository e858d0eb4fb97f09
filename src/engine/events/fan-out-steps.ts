import type { DispatchMessage, QueuedDispatch } from "../../ports/queue.ts";
import type { FanOutCursor, PendingEvent } from "../../ports/task-store.ts";
import type { DispatchedEvents, HandlerReport, ServiceContext } from "../context.ts";
import { bestEffort } from "../best-effort.ts";

/** How much a dispatch found to do; nothing when another one has done it or is doing it. */
export type DispatchReport = { readonly events: number; readonly deliveries: number };

/**
 * How long after a step the relay considers the next step's message lost, in milliseconds: longer
 * than the queue's own retries of a failed step, with their waits.
 */
const CONTINUATION_GRACE_MS = 120_000;

/**
 * Outboxes of one namespace that are dispatched together; at most one has a fan-out in progress.
 */
type Step = {
  readonly dispatched: DispatchedEvents;
  readonly outboxes: readonly {
    readonly ownerId: string;
    readonly events: readonly Pick<PendingEvent, "event_id" | "sequence">[];
  }[];
  /** Where the step begins; null: at the first handler. */
  readonly from: FanOutCursor | null;
};

/**
 * Takes one step of a fan-out. Then either the outboxes are cleared, or each records where to
 * continue and a message asks for that step. The record is written before the message, and only a
 * matching message takes the step, so only one of several duplicates or simultaneous dispatches
 * continues. The relay finds a lost message, since the record postpones the outbox's due time and
 * doesn't clear it (P3, P7).
 */
export async function takeStep(ctx: ServiceContext, step: Step): Promise<DispatchReport> {
  const { deliveries, next } = await handle(ctx, step);
  if (next === null) {
    await clearOutbox(ctx, step);
  } else {
    // Another dispatch may have emptied the outbox without marking it as empty; then there is
    // nothing to do.
    const waiting = step.outboxes.filter(({ events }) => events.length > 0);
    const emptied = step.outboxes.filter(({ events }) => events.length === 0);
    await handOn(ctx, { ...step, outboxes: waiting }, next);
    if (emptied.length > 0) await clearOutbox(ctx, { ...step, outboxes: emptied });
  }
  return { events: step.dispatched.events.length, deliveries };
}

/**
 * The first step runs every handler in turn; a later step runs only the handler that has more to
 * do.
 */
async function handle(ctx: ServiceContext, { dispatched, from }: Step): Promise<HandlerReport> {
  let deliveries = 0;
  for (const handler of ctx.handlers) {
    const report =
      from === null
        ? await handler.handle(ctx, dispatched)
        : await handler.goOn?.(ctx, dispatched, from.after);
    if (report === undefined) continue;
    deliveries += report.deliveries;
    if (report.next !== null) return { deliveries, next: report.next };
  }
  return { deliveries, next: null };
}

async function handOn(ctx: ServiceContext, step: Step, after: string): Promise<void> {
  const outboxAt = new Date(ctx.runtime.now().getTime() + CONTINUATION_GRACE_MS);
  const ahead = step.outboxes.map(({ ownerId, events }) => {
    const through = step.from?.through ?? events.at(-1)?.sequence ?? 0;
    return { ownerId, to: { through, after } };
  });
  await storeOf(ctx, step.dispatched).moveFanOuts(
    ahead.map(({ ownerId, to }) => ({ ownerId, from: step.from, to, outboxAt })),
  );
  await publishSteps(
    ctx,
    ahead.map(({ ownerId, to }) => stepMessage(step.dispatched.source, ownerId, to)),
  );
}

async function clearOutbox(ctx: ServiceContext, step: Step): Promise<void> {
  const cleared = step.outboxes.map(({ ownerId, events }) => ({
    ownerId,
    eventIds: events.map((event) => event.event_id),
  }));
  switch (step.dispatched.source) {
    case "task":
      await ctx.stores.tasks.clearOutboxes(cleared);
      break;
    case "webhook":
      for (const { ownerId, eventIds } of cleared) {
        await ctx.stores.webhooks.clearOutbox(ownerId, eventIds);
      }
      break;
    case "event":
      await ctx.stores.events.clearOutboxes(cleared.map(({ ownerId }) => ownerId));
  }
  if (step.from !== null) await dispatchLateEvents(ctx, step, step.from);
}

/**
 * Events that arrived during a fan-out were not dispatched by their own message; they waited for
 * this.
 */
async function dispatchLateEvents(
  ctx: ServiceContext,
  step: Step,
  from: FanOutCursor,
): Promise<void> {
  const outboxAt = ctx.runtime.now();
  const { source } = step.dispatched;
  for (const { ownerId } of step.outboxes) {
    const move = { ownerId, from, to: null, outboxAt };
    if ((await storeOf(ctx, step.dispatched).moveFanOuts([move])) === 0) continue;
    const deduplicationId = `dispatch-${ownerId}-after-${from.through}`;
    await publishSteps(ctx, [{ message: { source, id: ownerId }, options: { deduplicationId } }]);
  }
}

/**
 * Publishes lost messages of fan-outs again and postpones their due time. Returns which; none when
 * the queue can't be reached. Publishes first, so that a crash in between repeats it.
 */
export async function resumeFanOuts(
  ctx: ServiceContext,
  source: DispatchMessage["source"],
  owners: readonly { readonly _id: string; readonly fan_out?: FanOutCursor | null }[],
): Promise<boolean> {
  const now = ctx.runtime.now();
  const outboxAt = new Date(now.getTime() + CONTINUATION_GRACE_MS);
  const standing = owners.flatMap(({ _id, fan_out }) =>
    fan_out ? [{ ownerId: _id, from: fan_out, to: fan_out, outboxAt }] : [],
  );
  // The mark keeps the queue from deduplicating it against the lost message, which it may have
  // accepted.
  const mark = `-r${now.getTime()}`;
  const isPublished = await publishSteps(
    ctx,
    standing.map(({ ownerId, to }) => stepMessage(source, ownerId, to, mark)),
  );
  if (isPublished) await storeOf(ctx, { source }).moveFanOuts(standing);
  return isPublished;
}

function stepMessage(
  source: DispatchMessage["source"],
  id: string,
  to: FanOutCursor,
  mark = "",
): QueuedDispatch {
  return {
    message: { source, id, fan_out: to },
    options: { deduplicationId: `dispatch-${id}-${to.through}-${to.after}${mark}` },
  };
}

/** Whether the queue took them. */
async function publishSteps(
  ctx: ServiceContext,
  messages: readonly QueuedDispatch[],
): Promise<boolean> {
  const published = await bestEffort(ctx, { log: "the relay goes on with the fan-out" }, () =>
    ctx.stores.queue.publishDispatches(messages),
  );
  return published !== null;
}

function storeOf(ctx: ServiceContext, { source }: Pick<DispatchedEvents, "source">) {
  const { tasks, webhooks, events } = ctx.stores;
  return { task: tasks, webhook: webhooks, event: events }[source];
}
