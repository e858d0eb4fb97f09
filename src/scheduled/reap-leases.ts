import { findJob } from "../jobs/catalog.ts";
import type { TaskRecord } from "../ports/task-store.ts";
import type { ServiceContext } from "../services/context.ts";
import { backoffSeconds } from "../services/tasks/backoff.ts";
import { changeTask } from "../services/tasks/change-task.ts";
import { RELAY_AFTER_SECONDS } from "../services/tasks/task-times.ts";
import type { Intent } from "../services/tasks/plan-change.ts";
import { publishJob } from "../services/tasks/publish-job.ts";
import { requestDispatch } from "../services/tasks/request-dispatch.ts";

/** How many tasks one run of cron looks at; the next minute takes the next ones. */
const TASKS_PER_RUN = 100;

/** How long a message that the reaper published may take before it publishes another. */
const GRACE_SECONDS = 120;

/**
 * Takes leases away from runners that fell silent, so that every task ends whatever dies (P1): a
 * continuation that was lost is published again; a runner that died costs its task an attempt, and
 * the last one FAILS it. Each is one conditional write, so that a runner that is alive after all
 * either wins or finds its token refused (P2).
 */
export async function reapLeases(ctx: ServiceContext, now: Date): Promise<{ reaped: number }> {
  const due = await ctx.stores.tasks.dueForReaping(now, TASKS_PER_RUN);
  let reaped = 0;
  for (const task of due) {
    const delaySeconds =
      task.lease_token === null ? 0 : backoffSeconds(task.attempt, ctx.runtime.random);
    const intent = await intentOf(ctx, task, now, delaySeconds);
    const outcome = await changeTask({ ctx, task, intent });
    if (outcome.kind === "conflict") continue;
    reaped += 1;
    if (intent.to === "FAILED") await requestDispatch({ ctx, task: outcome.task });
    else await publishJob({ ctx, task: outcome.task, delaySeconds });
  }
  return { reaped };
}

async function intentOf(
  ctx: ServiceContext,
  task: TaskRecord,
  now: Date,
  delaySeconds: number,
): Promise<Intent> {
  const graceEnd = new Date(now.getTime() + GRACE_SECONDS * 1000);
  // Lost between two invocations, or killed: a runner takes it up, undoes what must be undone, and ends it.
  if (task.lease_token === null || task.cancel !== null) {
    return {
      to: task.status,
      kind: null,
      actor: "reaper",
      reason: null,
      patch: { lease_token: null, lease_expires_at: graceEnd },
      events: [],
    };
  }
  const isLast = task.attempt >= task.max_attempts;
  const message = "The runner fell silent: its lease ran out.";
  const last_error = {
    code: "lease_expired",
    message,
    retryable: !isLast,
    attempt: task.attempt,
    details: null,
  };
  if (isLast) {
    const { outputs, events } = await conclusionOf(ctx, task);
    return {
      to: "FAILED",
      kind: "status",
      actor: "reaper",
      reason: message,
      patch: { last_error, error_message: message, outputs: outputs.length > 0 ? outputs : null },
      events,
    };
  }
  return {
    to: "PENDING",
    kind: "status",
    actor: "reaper",
    reason: `attempt ${task.attempt} failed: ${message} Next in ${delaySeconds} s`,
    patch: {
      last_error,
      lease_token: null,
      lease_expires_at: null,
      relay_at: new Date(now.getTime() + (delaySeconds + RELAY_AFTER_SECONDS) * 1000),
    },
    events: [],
  };
}

/** What the task shows of the work up to its last checkpoint, after what must not stay was undone. */
async function conclusionOf(ctx: ServiceContext, task: TaskRecord) {
  const job = await findJob(task.task_type)?.open(ctx, task);
  if (!job) return { outputs: [], events: [] };
  if (task.checkpoint !== null) await job.undo?.(task.checkpoint);
  return job.conclude(task.checkpoint, "FAILED");
}
