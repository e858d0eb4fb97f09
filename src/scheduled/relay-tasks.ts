import type { ServiceContext } from "../services/context.ts";
import { expireTask, isExpired } from "../services/tasks/expire-task.ts";
import { publishJob } from "../services/tasks/publish-job.ts";
import { nextRelay } from "../services/tasks/task-times.ts";

/** How many tasks one run of cron looks at; the next minute takes the next ones. */
const TASKS_PER_RUN = 200;

/** How many publishes are under way at once. */
const TASKS_AT_ONCE = 10;

/** The wait before the second look doubles with the task's age, between these bounds. */
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 900_000;

/**
 * Publishes again the jobs that nobody claimed: the publish was lost, the queue was down, or the
 * queue is long (P1, P6). A duplicate changes nothing (P7); the older the task, the longer the
 * wait between two looks, so that a long queue is not made longer.
 */
export async function relayTasks(ctx: ServiceContext, now: Date): Promise<{ published: number }> {
  const due = await ctx.stores.tasks.dueForRelay(now, TASKS_PER_RUN);
  let published = 0;
  for (let start = 0; start < due.length; start += TASKS_AT_ONCE) {
    const outcomes = await Promise.all(
      due.slice(start, start + TASKS_AT_ONCE).map(async (task) => {
        if (isExpired(task, now)) {
          await expireTask({ ctx, task });
          return false;
        }
        const ageMs = now.getTime() - (task.not_before ?? task.created_at).getTime();
        const waitMs = Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, ageMs));
        // The mark keeps the queue's deduplication, which outlasts the wait, from dropping it.
        const mark = `-relay-${now.getTime()}`;
        if (!(await publishJob({ ctx, task, mark }))) return false;
        await ctx.stores.tasks.postponeRelay(
          task._id,
          task.version,
          nextRelay(new Date(now.getTime() + waitMs), task.attempt === 0 ? task.expires_at : null),
        );
        return true;
      }),
    );
    published += outcomes.filter(Boolean).length;
  }
  return { published };
}
