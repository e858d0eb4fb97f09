import { findJob } from "../jobs/catalog.ts";
import { endTask } from "../jobs/end-task.ts";
import type { Run } from "../jobs/run.ts";
import type { TaskErrorRecord, TaskRecord } from "../ports/task-store.ts";
import type { ServiceContext } from "../services/context.ts";
import { changeTask } from "../services/tasks/change-task.ts";
import type { Intent } from "../services/tasks/plan-change.ts";
import { publishJob } from "../services/tasks/publish-job.ts";
import { retryIntent } from "../services/tasks/retry-intent.ts";
import { failuresOf } from "./failures-of.ts";

/** How many tasks one run of cron looks at; the next minute takes the next ones. */
const TASKS_PER_RUN = 100;

/** How long a message that the reaper published, or the reaper itself, may take until the next look. */
const GRACE_SECONDS = 120;

/** How many leases a run took away; `failed` tasks could not be looked after, and stay due. */
export type ReapReport = { readonly reaped: number; readonly failed: number };

/**
 * Takes leases away from runners that fell silent, so that every task ends whatever dies (P1): a
 * continuation that was lost is published again; a runner that died costs its task an attempt, and
 * the last one FAILS it. Each begins with one conditional write, so that a runner that is alive
 * after all either wins or finds its token refused, and of two reapers one goes on (P2).
 */
export async function reapLeases(ctx: ServiceContext, now: Date): Promise<ReapReport> {
  const due = await ctx.stores.tasks.dueForReaping(now, TASKS_PER_RUN);
  let reaped = 0;
  let failed = 0;
  for (const task of due) {
    failed += await failuresOf(ctx, task._id, async () => {
      if (await reap(ctx, task, now)) reaped += 1;
    });
  }
  return { reaped, failed };
}

/** False when somebody else changed the task first. */
async function reap(ctx: ServiceContext, task: TaskRecord, now: Date): Promise<boolean> {
  // Lost between two invocations, or killed: a runner takes it up, undoes what must be undone, and ends it.
  if (task.lease_token === null || task.cancel !== null) {
    return handOver(ctx, task, leaseTo(task, null, now), 0);
  }
  const isLast = task.attempt >= task.max_attempts;
  const error = {
    code: "lease_expired",
    message: "The runner fell silent: its lease ran out.",
    retryable: !isLast,
    attempt: task.attempt,
    details: null,
  };
  if (isLast) return failForGood(ctx, task, error, now);
  const { intent, delaySeconds } = retryIntent({ ctx, task, error, actor: "reaper", now });
  return handOver(ctx, task, intent, delaySeconds);
}

async function handOver(
  ctx: ServiceContext,
  task: TaskRecord,
  intent: Intent,
  delaySeconds: number,
): Promise<boolean> {
  const outcome = await changeTask({ ctx, task, intent });
  if (outcome.kind === "conflict") return false;
  await publishJob({ ctx, task: outcome.task, delaySeconds });
  return true;
}

/**
 * Takes the lease itself and ends the task as its runner would have: nothing is undone while
 * another may still be at work. A reaper that dies in between leaves a lease that runs out.
 */
async function failForGood(
  ctx: ServiceContext,
  task: TaskRecord,
  error: TaskErrorRecord,
  now: Date,
): Promise<boolean> {
  const leaseToken = crypto.randomUUID();
  const taken = await changeTask({ ctx, task, intent: leaseTo(task, leaseToken, now) });
  if (taken.kind === "conflict") return false;
  const job = (await findJob(task.task_type)?.open(ctx, taken.task)) ?? null;
  const { checkpoint: state, progress } = taken.task;
  const run: Run = {
    ctx,
    actor: "reaper",
    leaseToken,
    job,
    task: taken.task,
    state,
    progress,
  };
  await endTask(run, { status: "FAILED", error });
  return true;
}

function leaseTo(task: TaskRecord, leaseToken: string | null, now: Date): Intent {
  return {
    to: task.status,
    kind: null,
    actor: "reaper",
    reason: null,
    patch: {
      lease_token: leaseToken,
      lease_expires_at: new Date(now.getTime() + GRACE_SECONDS * 1000),
    },
    events: [],
  };
}
