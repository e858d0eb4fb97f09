import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { expireTask, isExpired } from "../tasks/expire-task.ts";
import { publishJobs } from "../tasks/publish-job.ts";
import { nextRelay } from "../tasks/task-times.ts";
import { tryRow, inRounds, type IsSpent } from "./rounds.ts";

/** Tasks per round (one request to the queue), and rounds per run. */
const TASKS_PER_ROUND = 100;
const MAX_ROUNDS = 50;

/** The wait before the second look doubles with the task's age, between these bounds. */
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 900_000;

/**
 * Republishes jobs that nobody claimed: the publish was lost, the queue was down, or the queue is
 * long (P1, P6). A duplicate changes nothing (P7); the older the task, the longer the wait between
 * two looks, so a long queue isn't made longer.
 */
export async function relayTasks(
  ctx: ServiceContext,
  now: Date,
  isSpent: IsSpent,
): Promise<{ published: number; expired: number }> {
  let published = 0;
  let expired = 0;
  const failed = new Set<string>();
  await inRounds({ maxRounds: MAX_ROUNDS, isSpent }, async () => {
    const due = (await ctx.stores.tasks.dueForRelay(now, TASKS_PER_ROUND + failed.size)).filter(
      (task) => !failed.has(task._id),
    );
    const late = due.filter((task) => isExpired(task, now));
    for (const task of late) {
      if (await tryRow(ctx, task._id, () => expireTask({ ctx, task }))) expired += 1;
      else failed.add(task._id);
    }
    const waiting = due.filter((task) => !late.includes(task));
    if (waiting.length === 0) return late.length;
    // Only published tasks are postponed; if the queue is down, this run ends.
    if (!(await publishAgain(ctx, waiting, now))) return 0;
    published += waiting.length;
    return due.length;
  });
  return { published, expired };
}

async function publishAgain(
  ctx: ServiceContext,
  tasks: readonly TaskRecord[],
  now: Date,
): Promise<boolean> {
  // The mark keeps it from being deduplicated: the queue's window is longer than the wait.
  const mark = `-relay-${now.getTime()}`;
  if (!(await publishJobs({ ctx, due: tasks.map((task) => ({ task, mark })) }))) return false;
  await ctx.stores.tasks.postponeRelays(
    tasks.map((task) => {
      const ageMs = now.getTime() - (task.not_before ?? task.created_at).getTime();
      const waitMs = Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, ageMs));
      const wanted = new Date(now.getTime() + waitMs);
      return {
        taskId: task._id,
        version: task.version,
        relayAt: nextRelay(wanted, task.attempt === 0 ? task.expires_at : null),
      };
    }),
  );
  return true;
}
