import type { ExecutorJob } from "../../contract/external-task.ts";
import type { TaskErrorRecord } from "../../ports/task-store.ts";
import type { TaskTypeRecord } from "../../ports/task-type-store.ts";
import { changeWithoutHistory } from "../tasks/plan-change.ts";
import { heartbeatMs } from "../executors/plan-report.ts";
import { presentTask } from "../tasks/present-task.ts";
import { requestDispatch } from "../tasks/request-dispatch.ts";
import { type AttemptResult, makeAttempt } from "../webhooks/attempt.ts";
import { failAttempt } from "../runner/fail-attempt.ts";
import { type Run, type RunOutcome, writeAsHolder } from "../runner/run.ts";

/**
 * Posts a task to its executor, signed, with the token for its reports. If the executor accepts,
 * the task is the executor's until it reports an end or falls silent. If it refuses or is
 * unreachable, the attempt has failed. After a crash in between, cron finds a task that nobody took
 * over.
 */
export async function handOver(run: Run): Promise<RunOutcome> {
  const { ctx, task } = run;
  const type = await ctx.stores.taskTypes.find(task.namespace_id, task.task_type);
  if (type === null) {
    const message = `The task type ${task.task_type} is not registered any more.`;
    return failAttempt(run, errorOf(run, "unknown_task_type", message, true));
  }
  const result = await post(run, type);
  if (result.error === null) return taken(run);
  const message = `The executor did not take the task: ${result.error}.`;
  return failAttempt(run, errorOf(run, "executor_refused", message, isFinal(result)));
}

function post(run: Run, type: TaskTypeRecord): Promise<AttemptResult> {
  const { ctx, task, leaseToken } = run;
  const job: ExecutorJob = {
    type: "task.execute",
    timestamp: ctx.runtime.now().toISOString(),
    data: {
      task: presentTask(task),
      input: task.job_input,
      attempt: task.attempt,
      report_url: `${ctx.config.publicUrl}/v1/tasks/${task._id}`,
      token: leaseToken,
      heartbeat_timeout: heartbeatMs(task) / 1000,
      progress: task.progress,
    },
  };
  return makeAttempt({
    target: {
      webhook_id: type._id,
      event_id: `${task._id}-${task.attempt}`,
      url: type.executor_url,
      sealed_headers: null,
      sealed_secrets: [type.sealed_secret],
      payload: JSON.stringify(job),
    },
    config: ctx.config,
    runtime: ctx.runtime,
    hosts: ctx.memory.hosts,
  });
}

/**
 * Records that the executor has the task, and its deadline for reporting, unless its first report
 * already did.
 */
async function taken(run: Run): Promise<RunOutcome> {
  const now = run.ctx.runtime.now();
  const written = await writeAsHolder(run, (task) =>
    task.handed_over_at !== null
      ? null
      : changeWithoutHistory(task, "runner", {
          handed_over_at: now,
          lease_expires_at: new Date(now.getTime() + heartbeatMs(task)),
        }),
  );
  // A quick executor has already ended the task or the attempt.
  if (written.kind === "lost") return { kind: "lost" };
  await requestDispatch({ ctx: run.ctx, task: run.task });
  return { kind: "handed_over" };
}

/**
 * Whether the same request would get the same response again: any 4xx except those that ask to
 * wait.
 */
function isFinal({ responseStatus }: AttemptResult): boolean {
  const status = responseStatus ?? 0;
  return status >= 400 && status < 500 && ![404, 408, 425, 429].includes(status);
}

function errorOf(run: Run, code: string, message: string, isFinalError: boolean): TaskErrorRecord {
  const { attempt, max_attempts } = run.task;
  return {
    code,
    message,
    retryable: !isFinalError && attempt < max_attempts,
    attempt,
    details: null,
  };
}
