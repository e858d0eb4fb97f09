import type { JobMessage } from "../../ports/queue.ts";
import type { ServiceContext } from "../context.ts";
import { changeWithoutHistory } from "../tasks/plan-change.ts";
import { claim } from "./claim.ts";
import { continueLater } from "./continue-later.ts";
import { NonRetryableError, type StepOutcome } from "../jobs/define-loop.ts";
import { endTask } from "./end-task.ts";
import { describeError, failAttempt } from "./fail-attempt.ts";
import { handOver } from "./hand-over.ts";
import { heartbeat, type Pulse } from "./heartbeat.ts";
import type { JobState, OpenJob } from "../jobs/job.ts";
import { LeaseLostError, leaseGuard } from "./lease-guard.ts";
import { type Run, type RunOutcome, writeAsHolder } from "./run.ts";
import { isOutboxFull } from "../tasks/outbox-room.ts";
import { isOutage, pauseForOutage } from "./pause-for-outage.ts";

/** How long a job waits whose outbox is full: cron dispatches every minute what nobody asked for. */
const FULL_OUTBOX_SECONDS = 30;

/**
 * Runs a task for one invocation: takes the lease, calls the job's steps until they are done or the
 * invocation's budget is spent, keeps a checkpoint, and ends the task or asks for another
 * invocation. An error thrown by a step leads to a retry or to FAILED, except a store's outage, for
 * which the attempt pauses. Errors of the stores outside steps are rethrown: the queue repeats the
 * message, and the reaper finds the expired lease (P1).
 */
export async function runJob({
  ctx,
  input,
}: {
  ctx: ServiceContext;
  input: JobMessage;
}): Promise<RunOutcome> {
  const claimed = await claim(ctx, input);
  if (claimed.kind === "stale") return claimed;
  const { task, leaseToken } = claimed;
  const run: Run = {
    ctx,
    actor: "runner",
    leaseToken,
    job: null,
    events: [],
    task,
    state: task.checkpoint,
    progress: task.progress,
  };
  if (task.executor !== null) return handOver(run);
  let step: StepOutcome<JobState> | "continue" | "lost";
  try {
    const job = await open(run);
    run.job = job;
    step = run.task.cancel === null ? await work(run, job) : "continue";
  } catch (error) {
    if (error instanceof LeaseLostError) return { kind: "lost" };
    if (isOutage(run, error)) return pauseForOutage(run, error);
    return failAttempt(run, describeError(error, task.attempt, task.max_attempts));
  }
  return finishInvocation(run, step);
}

/** Writes the invocation's result. A kill that was noticed between two steps ends the task here. */
async function finishInvocation(
  run: Run,
  step: StepOutcome<JobState> | "continue" | "lost",
): Promise<RunOutcome> {
  if (step === "lost") return { kind: "lost" };
  if (step === "continue") {
    if (run.task.cancel !== null) return endTask(run, { status: "CANCELED" });
    return continueLater(run, { delaySeconds: isOutboxFull(run.task) ? FULL_OUTBOX_SECONDS : 0 });
  }
  switch (step.kind) {
    case "next":
      return continueLater(run);
    case "done":
      return endTask(run, { status: "COMPLETED" });
    case "skip":
      return endTask(run, { status: "SKIPPED", reason: step.reason });
    case "fail": {
      const { code, message, details } = step;
      const { attempt } = run.task;
      return endTask(run, {
        status: "FAILED",
        error: { code, message, retryable: false, attempt, details },
      });
    }
  }
}

async function open(run: Run): Promise<OpenJob> {
  const job = run.ctx.jobs.get(run.task.task_type);
  if (job === undefined) {
    throw new NonRetryableError(
      "unknown_task_type",
      `This deployment has no job ${run.task.task_type}.`,
    );
  }
  const opened = await job.open(run.ctx, run.task, leaseGuard(run));
  if (opened === null) {
    throw new NonRetryableError(
      "resource_gone",
      `${run.task.resource_id ?? "The resource"} no longer exists.`,
    );
  }
  return opened;
}

/** Steps until the job is done, the budget is spent, a kill is seen, or the lease is lost. */
async function work(run: Run, job: OpenJob): Promise<StepOutcome<JobState> | "continue" | "lost"> {
  const { runtime, config } = run.ctx;
  const startedAt = runtime.now().getTime();
  const pulse: Pulse = { beatAt: startedAt, progressEventAt: startedAt };
  let step = run.state === null ? keep(run, await job.start()) : null;
  for (let steps = 0; ; steps += 1) {
    if (step !== null && step.kind !== "next") return step;
    const isSpent = runtime.now().getTime() - startedAt >= config.jobs.invocationBudgetMs;
    if (isSpent || steps >= config.jobs.invocationMaxSteps || run.state === null) return "continue";
    if (isOutboxFull(run.task)) return "continue";
    if (!(await heartbeat(run, pulse))) return "lost";
    if (run.task.cancel !== null) return "continue";
    const ahead = await job.advance(run.state);
    if (
      ahead.kind === "next" &&
      ahead.killRefusal !== undefined &&
      run.task.kill_refusal === null
    ) {
      // Written before the next step begins: an earlier kill wins, a later one is refused. And
      // before the step is kept: if it can't be written, the next attempt repeats the step.
      const forbidden = await forbidKill(run, ahead, ahead.killRefusal);
      if (forbidden !== "forbidden") return forbidden;
      step = keep(run, { ...ahead, events: [] });
      continue;
    }
    step = keep(run, ahead);
  }
}

async function forbidKill(
  run: Run,
  { state, progress, events = [] }: Extract<StepOutcome<JobState>, { kind: "next" }>,
  reason: string,
): Promise<"forbidden" | "continue" | "lost"> {
  const written = await writeAsHolder(run, (task) =>
    task.cancel !== null
      ? null
      : {
          ...changeWithoutHistory(task, "runner", {
            kill_refusal: reason,
            checkpoint: state,
            progress,
          }),
          events: [...run.events, ...events],
        },
  );
  if (written.kind === "reconsider") return "continue";
  if (written.kind === "lost") return "lost";
  run.events = [];
  return "forbidden";
}

/** Keeps a step's result, so the job continues from there whatever happens next. */
function keep(run: Run, step: StepOutcome<JobState>): StepOutcome<JobState> {
  if (step.kind !== "skip") run.state = step.state;
  if (step.kind === "next" || step.kind === "done") run.progress = step.progress;
  if (step.kind === "next") run.events = [...run.events, ...(step.events ?? [])];
  return step;
}
