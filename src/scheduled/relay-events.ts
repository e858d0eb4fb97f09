import type { TaskRecord } from "../ports/task-store.ts";
import type { ServiceContext } from "../services/context.ts";
import { dispatchTasks, dispatchWebhook } from "../services/events/dispatch-events.ts";
import { failuresOf } from "./failures-of.ts";
import { inRounds, type IsSpent } from "./rounds.ts";

/** An outbox younger than this is left to the message that its writer published. */
const PATIENCE_MS = 10_000;

/** Tasks that are read at once, and rounds per run. */
const TASKS_PER_ROUND = 200;
const MAX_ROUNDS = 50;

/** Tasks of one namespace whose events are dispatched together: each event to each endpoint is in memory. */
const TASKS_AT_ONCE = 50;

const WEBHOOKS_PER_RUN = 20;

/** A run that meets more bad outboxes than this gives up: they would fill every page. */
const MAX_FAILED = 200;

/** What a run dispatched; `failed` are left for the next one. */
export type RelayReport = {
  readonly tasks: number;
  readonly webhooks: number;
  readonly failed: number;
};

/**
 * Dispatches the events that nobody dispatched: the publish was lost, the queue is down, or there
 * was no subscriber to publish for. The tasks of a namespace go together, so that a backlog of
 * thousands drains within a run.
 */
export async function relayEvents(
  ctx: ServiceContext,
  now: Date,
  isSpent: IsSpent,
): Promise<RelayReport> {
  const before = new Date(now.getTime() - PATIENCE_MS);
  const failed = new Set<string>();
  const tasks = await inRounds({ maxRounds: MAX_ROUNDS, isSpent }, () =>
    relaySome(ctx, before, failed),
  );
  const webhooks = await ctx.stores.webhooks.dueForDispatch(before, WEBHOOKS_PER_RUN);
  for (const webhook of webhooks) {
    const failures = await failuresOf(ctx, webhook._id, () => dispatchWebhook(ctx, webhook));
    if (failures > 0) failed.add(webhook._id);
  }
  return { tasks, webhooks: webhooks.length, failed: failed.size };
}

/** One round; how many tasks it dispatched. Those in `failed` are passed over, and new ones added. */
async function relaySome(ctx: ServiceContext, before: Date, failed: Set<string>): Promise<number> {
  if (failed.size > MAX_FAILED) return 0;
  const limit = TASKS_PER_ROUND + failed.size;
  const due = (await ctx.stores.tasks.dueForDispatch(before, limit)).filter(
    (task) => !failed.has(task._id),
  );
  let dispatched = 0;
  for (const namespaceId of new Set(due.map((task) => task.namespace_id))) {
    const own = due.filter((task) => task.namespace_id === namespaceId);
    for (let start = 0; start < own.length; start += TASKS_AT_ONCE) {
      const some = own.slice(start, start + TASKS_AT_ONCE);
      dispatched += await relayTogether(ctx, some, failed);
    }
  }
  return dispatched;
}

/** All at once; one by one when that fails, to find the one that is to blame. */
async function relayTogether(
  ctx: ServiceContext,
  tasks: readonly TaskRecord[],
  failed: Set<string>,
): Promise<number> {
  const [first] = tasks;
  if (first === undefined) return 0;
  const failures = await failuresOf(ctx, first._id, () => dispatchTasks(ctx, tasks));
  if (failures === 0) return tasks.length;
  if (tasks.length === 1) {
    failed.add(first._id);
    return 0;
  }
  let dispatched = 0;
  for (const task of tasks) dispatched += await relayTogether(ctx, [task], failed);
  return dispatched;
}
