import type { TaskRecord } from "../ports/task-store.ts";
import type { ServiceContext } from "../services/context.ts";
import { dispatchTask, dispatchWebhook, idsOf } from "../services/events/dispatch-events.ts";
import { eventsOfTask } from "../services/events/events-of-task.ts";
import { runSystemSubscribers } from "../services/events/system-subscribers.ts";
import { failuresOf } from "./failures-of.ts";

/** An outbox younger than this is left to the message that its writer published. */
const PATIENCE_MS = 10_000;

const TASKS_PER_RUN = 100;
const WEBHOOKS_PER_RUN = 20;

/** Tasks whose small writes go at once. */
const TASKS_AT_ONCE = 5;

/** What a run dispatched; `failed` are left for the next one. */
export type RelayReport = {
  readonly tasks: number;
  readonly webhooks: number;
  readonly failed: number;
};

/**
 * Dispatches the events that nobody dispatched: the publish was lost, the queue is down, or there
 * was no subscriber to publish for. In a namespace without an endpoint in service the events of
 * all its tasks go to the log in one write.
 */
export async function relayEvents(ctx: ServiceContext, now: Date): Promise<RelayReport> {
  const before = new Date(now.getTime() - PATIENCE_MS);
  const tasks = await ctx.stores.tasks.dueForDispatch(before, TASKS_PER_RUN);
  const webhooks = await ctx.stores.webhooks.dueForDispatch(before, WEBHOOKS_PER_RUN);
  let failed = 0;
  for (const namespaceId of new Set(tasks.map((task) => task.namespace_id))) {
    const own = tasks.filter((task) => task.namespace_id === namespaceId);
    failed += await relayTasks(ctx, namespaceId, own);
  }
  for (const webhook of webhooks) {
    failed += await failuresOf(ctx, webhook._id, () => dispatchWebhook(ctx, webhook));
  }
  return { tasks: tasks.length, webhooks: webhooks.length, failed };
}

/** The tasks of one namespace; how many failed. */
async function relayTasks(
  ctx: ServiceContext,
  namespaceId: string,
  tasks: readonly TaskRecord[],
): Promise<number> {
  let work = (task: TaskRecord): Promise<unknown> => dispatchTask(ctx, task);
  // Who subscribes after this look wasn't subscribed when these events happened.
  if (!(await ctx.stores.webhooks.anyActive(namespaceId))) {
    const loggedAt = ctx.runtime.now();
    await ctx.stores.events.insertMany(tasks.flatMap((task) => eventsOfTask(task, loggedAt)));
    work = async (task) => {
      await runSystemSubscribers({ ctx, task });
      await ctx.stores.tasks.settleEvents(task._id, idsOf(task.pending_events));
    };
  }
  let failed = 0;
  for (let start = 0; start < tasks.length; start += TASKS_AT_ONCE) {
    const failures = await Promise.all(
      tasks
        .slice(start, start + TASKS_AT_ONCE)
        .map((task) => failuresOf(ctx, task._id, () => work(task))),
    );
    failed += failures.reduce<number>((sum, failure) => sum + failure, 0);
  }
  return failed;
}
