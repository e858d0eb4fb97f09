import type { TaskErrorRecord, TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { changeTask } from "../tasks/change-task.ts";
import type { Intent } from "../tasks/plan-change.ts";
import { heartbeatMs } from "../executors/plan-report.ts";
import { publishJob } from "../tasks/publish-job.ts";
import { requestDispatch } from "../tasks/request-dispatch.ts";
import { failIntent, retryIntent } from "../tasks/retry-intent.ts";
import { type IsSpent, workThrough } from "./rounds.ts";

/** Tasks of each status per round, and rounds per run. */
const TASKS_PER_ROUND = 100;
const MAX_ROUNDS = 20;

const CRON = "cron";

/**
 * How many tasks with a silent executor a run changed; `failed` ones could not be processed and
 * stay due.
 */
export type SilenceReport = { readonly settled: number; readonly failed: number };

/**
 * Ends or retries tasks whose executor is silent. If the executor never took the task over, the
 * task loses an attempt. Otherwise the task becomes UNKNOWN and, after the same time again, FAILED,
 * or CANCELED if it was killed meanwhile. Each change is one conditional write: an executor that
 * still reports either wins or finds its token refused (P2).
 */
export async function failSilentExecutors(
  ctx: ServiceContext,
  now: Date,
  isSpent: IsSpent,
): Promise<SilenceReport> {
  const { tasks } = ctx.stores;
  const { done, failed } = await workThrough(ctx, {
    rowsPerRound: TASKS_PER_ROUND,
    maxRounds: MAX_ROUNDS,
    isSpent,
    // A task that becomes UNKNOWN in this run isn't due in this run: its time counts from `now`.
    due: async (limit) => [
      ...(await tasks.dueAsSilent("UNKNOWN", now, limit)),
      ...(await tasks.dueAsSilent("IN_PROGRESS", now, limit)),
    ],
    work: (task) => failSilent(ctx, task, now),
  });
  return { settled: done, failed };
}

/** Whether this call changed it, and not its executor or another cron at the same moment. */
async function failSilent(ctx: ServiceContext, task: TaskRecord, now: Date): Promise<boolean> {
  const { intent, delaySeconds } = verdictOn(ctx, task, now);
  const outcome = await changeTask({ ctx, task, intent });
  if (outcome.kind === "conflict") return false;
  if (intent.to === "PENDING") await publishJob({ ctx, task: outcome.task, delaySeconds });
  else await requestDispatch({ ctx, task: outcome.task });
  return true;
}

function verdictOn(
  ctx: ServiceContext,
  task: TaskRecord,
  now: Date,
): { readonly intent: Intent; readonly delaySeconds: number } {
  if (task.status === "UNKNOWN" || (task.cancel !== null && task.handed_over_at === null)) {
    return { intent: lastWord(task, now), delaySeconds: 0 };
  }
  if (task.handed_over_at === null) {
    const isLast = task.attempt >= task.max_attempts;
    const error = errorOf(task, "lease_expired", "The executor was not reached.", !isLast);
    return isLast
      ? { intent: failIntent(error, CRON), delaySeconds: 0 }
      : retryIntent({ ctx, task, error, actor: CRON, now });
  }
  const seconds = heartbeatMs(task) / 1000;
  return {
    delaySeconds: 0,
    intent: {
      to: "UNKNOWN",
      kind: "status",
      actor: CRON,
      reason: `the executor was silent for ${seconds} s`,
      patch: { lease_expires_at: new Date(now.getTime() + heartbeatMs(task)) },
      events: [],
    },
  };
}

function lastWord(task: TaskRecord, now: Date): Intent {
  if (task.cancel === null) {
    const message = "The executor fell silent and was not heard of again.";
    return failIntent(errorOf(task, "executor_silent", message, false), CRON);
  }
  return {
    to: "CANCELED",
    kind: "status",
    actor: CRON,
    reason: task.cancel.reason ?? "killed",
    patch: { cancel: { ...task.cancel, acknowledged_at: task.cancel.acknowledged_at ?? now } },
    events: [],
  };
}

function errorOf(
  task: TaskRecord,
  code: string,
  message: string,
  retryable: boolean,
): TaskErrorRecord {
  return { code, message, retryable, attempt: task.attempt, details: null };
}
