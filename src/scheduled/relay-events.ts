import type { TaskRecord } from "../ports/task-store.ts";
import type { ServiceContext } from "../services/context.ts";
import { dispatchTasks, dispatchWebhook } from "../services/events/dispatch-events.ts";
import { resumeFanOuts } from "../services/events/fan-out-steps.ts";
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

/** What a run dispatched, wholly or to the first endpoints; `failed` are left for the next one. */
export type RelayReport = {
  readonly tasks: number;
  readonly webhooks: number;
  readonly failed: number;
};

/**
 * Dispatches the events that nobody dispatched: the publish was lost, the queue is down, or there
 * was no subscriber to publish for. The tasks of a namespace go together, so that a backlog of
 * thousands drains within a run. A fan-out of several steps is the queue's: here only its first
 * step is taken, and one of which the message was lost is handed to the queue again.
 */
export async function relayEvents(
  ctx: ServiceContext,
  now: Date,
  isSpent: IsSpent,
): Promise<RelayReport> {
  const before = new Date(now.getTime() - PATIENCE_MS);
  const failed = new Set<string>();
  const tasks = await inRounds({ maxRounds: MAX_ROUNDS, isSpent }, () =>
    relaySome(ctx, before, failed, isSpent),
  );
  const webhooks = await ctx.stores.webhooks.dueForDispatch(before, WEBHOOKS_PER_RUN);
  await resume(ctx, "webhook", webhooks.filter(isUnderWay), failed);
  for (const webhook of webhooks.filter((one) => !isUnderWay(one))) {
    const failures = await failuresOf(ctx, webhook._id, () => dispatchWebhook(ctx, webhook));
    if (failures > 0) failed.add(webhook._id);
  }
  return { tasks, webhooks: webhooks.length, failed: failed.size };
}

type Owner = Pick<TaskRecord, "_id" | "fan_out">;

function isUnderWay(owner: Owner): boolean {
  return (owner.fan_out ?? null) !== null;
}

/** Hands fan-outs to the queue; how many it took. The others are passed over in this run. */
async function resume(
  ctx: ServiceContext,
  source: "task" | "webhook",
  owners: readonly Owner[],
  failed: Set<string>,
): Promise<number> {
  if (owners.length === 0) return 0;
  if (await resumeFanOuts(ctx, source, owners)) return owners.length;
  for (const { _id } of owners) failed.add(_id);
  return 0;
}

/**
 * One round; how many tasks it dispatched. Those in `failed` are passed over, and new ones added.
 * What is left when the run's time is spent the next run takes.
 */
async function relaySome(
  ctx: ServiceContext,
  before: Date,
  failed: Set<string>,
  isSpent: IsSpent,
): Promise<number> {
  if (failed.size > MAX_FAILED) return 0;
  const limit = TASKS_PER_ROUND + failed.size;
  const due = (await ctx.stores.tasks.dueForDispatch(before, limit)).filter(
    (task) => !failed.has(task._id),
  );
  let dispatched = await resume(ctx, "task", due.filter(isUnderWay), failed);
  const fresh = due.filter((task) => !isUnderWay(task));
  for (const namespaceId of new Set(fresh.map((task) => task.namespace_id))) {
    const own = fresh.filter((task) => task.namespace_id === namespaceId);
    for (let start = 0; start < own.length; start += TASKS_AT_ONCE) {
      if (dispatched > 0 && isSpent()) return dispatched;
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
