import { endTask } from "../runner/end-task.ts";
import { leaseGuard } from "../runner/lease-guard.ts";
import type { Run } from "../runner/run.ts";
import type { TaskErrorRecord, TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { changeTask } from "../tasks/change-task.ts";
import { type Intent, changeWithoutHistory } from "../tasks/plan-change.ts";
import { type DueJob, publishJobs } from "../tasks/publish-job.ts";
import { retryIntent } from "../tasks/retry-intent.ts";
import { type IsSpent, workThrough } from "./rounds.ts";

/** Tasks per round, and rounds per run. */
const TASKS_PER_ROUND = 100;
const MAX_ROUNDS = 20;

/** How long a message from the reaper, or the reaper itself, may take before the next look. */
const GRACE_SECONDS = 120;

/** How many leases a run revoked; `failed` tasks could not be processed and stay due. */
export type ReapReport = { readonly reaped: number; readonly failed: number };

/**
 * Revokes the leases of silent runners, so every task ends whatever fails (P1). A lost continuation
 * is published again. A dead runner costs its task an attempt; after the last attempt the task is
 * FAILED. Each case begins with one conditional write, so a runner that is still alive either wins
 * or finds its token refused, and only one of two reapers proceeds (P2).
 */
export async function reapLeases(
  ctx: ServiceContext,
  now: Date,
  isSpent: IsSpent,
): Promise<ReapReport> {
  let toPublish: DueJob[] = [];
  const { done, failed } = await workThrough(ctx, {
    rowsPerRound: TASKS_PER_ROUND,
    maxRounds: MAX_ROUNDS,
    isSpent,
    due: (limit) => ctx.stores.tasks.dueForReaping(now, limit),
    work: async (task) => {
      const outcome = await reap(ctx, task, now);
      if (outcome === "conflict") return false;
      if (outcome !== "ended") toPublish.push(outcome);
      return true;
    },
    afterRound: async () => {
      if (toPublish.length > 0) await publishJobs({ ctx, due: toPublish });
      toPublish = [];
    },
  });
  return { reaped: done, failed };
}

/**
 * Revokes one lease; returns the message to publish, unless the task has ended or another writer
 * was faster.
 */
async function reap(
  ctx: ServiceContext,
  task: TaskRecord,
  now: Date,
): Promise<DueJob | "ended" | "conflict"> {
  // Lost between two invocations, or killed: a runner takes it up, undoes what it must, and ends
  // it.
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
): Promise<DueJob | "conflict"> {
  const outcome = await changeTask({ ctx, task, intent });
  return outcome.kind === "conflict" ? "conflict" : { task: outcome.task, delaySeconds };
}

/**
 * Takes the lease itself and ends the task as its runner would have: nothing is undone while
 * another runner may still be at work. If the reaper dies in between, its lease expires.
 */
async function failForGood(
  ctx: ServiceContext,
  task: TaskRecord,
  error: TaskErrorRecord,
  now: Date,
): Promise<"ended" | "conflict"> {
  const leaseToken = crypto.randomUUID();
  const taken = await changeTask({ ctx, task, intent: leaseTo(task, leaseToken, now) });
  if (taken.kind === "conflict") return "conflict";
  const { checkpoint: state, progress } = taken.task;
  const run: Run = {
    ctx,
    actor: "reaper",
    leaseToken,
    job: null,
    events: [],
    task: taken.task,
    state,
    progress,
  };
  run.job = (await ctx.jobs.get(task.task_type)?.open(ctx, taken.task, leaseGuard(run))) ?? null;
  await endTask(run, { status: "FAILED", error });
  return "ended";
}

function leaseTo(task: TaskRecord, leaseToken: string | null, now: Date): Intent {
  return changeWithoutHistory(task, "reaper", {
    lease_token: leaseToken,
    lease_expires_at: new Date(now.getTime() + GRACE_SECONDS * 1000),
  });
}
