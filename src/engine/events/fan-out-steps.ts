import type { DispatchMessage, QueuedDispatch } from "../../ports/queue.ts";
import type { FanOutCursor, PendingEvent } from "../../ports/task-store.ts";
import type { DispatchedEvents, HandlerReport, ServiceContext } from "../context.ts";
import { bestEffort } from "../best-effort.ts";

/** How much a dispatch found to do; none when another had done it, or is at it. */
export type DispatchReport = { readonly events: number; readonly deliveries: number };

/**
 * How long after a step the relay gives the next one's message up for lost, in milliseconds: the
 * queue's own repetitions of a step that failed, with their waits, have come by then.
 */
const CONTINUATION_GRACE_MS = 120_000;

/** Outboxes of one namespace that are dispatched together; none or one has a fan-out under way. */
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
 * Takes one step of a fan-out: then either the outboxes are cleared, or each notes where it goes
 * on and a message asks for that. The note comes before the message, and its step is taken by the
 * message that agrees with it: of duplicates, and of two dispatches at once, one goes on. A message
 * that is lost is found by the relay, since the note put the outbox's time off, not away (P3, P7).
 */
export async function takeStep(ctx: ServiceContext, step: Step): Promise<DispatchReport> {
  const { deliveries, next } = await handle(ctx, step);
  if (next === null) {
    await clearOutbox(ctx, step);
  } else {
    // An outbox that another dispatch emptied, but had no time to mark as empty, has nothing to go on with.
    const waiting = step.outboxes.filter(({ events }) => events.length > 0);
    const emptied = step.outboxes.filter(({ events }) => events.length === 0);
    await handOn(ctx, { ...step, outboxes: waiting }, next);
    if (emptied.length > 0) await clearOutbox(ctx, { ...step, outboxes: emptied });
  }
  return { events: step.dispatched.events.length, deliveries };
}

/** The first step is every handler's, in turn; a later one is the handler's that has more to do. */
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

/** What came in while a fan-out was under way was not dispatched by its own message, but waited for this. */
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
 * Hands fan-outs whose message was lost to the queue once more, and puts their time off. Which of
 * them: none when the queue can't be reached. Publishes first, so that a crash in between repeats it.
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
  // The mark keeps the queue's deduplication from dropping it: it may have taken the lost one.
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
