import type { TaskReport } from "../../contract/external-task.ts";
import { isTerminal } from "../../contract/status.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { DomainError, notFound } from "../errors.ts";
import { changeTask } from "../tasks/change-task.ts";
import { publishJob } from "../tasks/publish-job.ts";
import type { Reporter } from "./authenticate-report.ts";
import { EXECUTOR, type ReportPlan, planReport } from "./plan-report.ts";
import { requestDispatch } from "../tasks/request-dispatch.ts";

/** How many times a report that lost a race tries again. */
const MAX_TRIES = 10;

/**
 * Takes an executor's report: its status, progress and outputs, or only that it is alive. The
 * answer shows a kill, which is thereby acknowledged; whatever ending follows is CANCELED. The
 * last report sent again is answered the same. Throws `invalid_request` for more
 * additional data than a task may have, and `report_superseded` when the attempt is over:
 * nothing is changed then, and the history has it.
 */
export async function reportTask({
  ctx,
  input,
}: {
  ctx: ServiceContext;
  input: { readonly reporter: Reporter; readonly report: TaskReport };
}): Promise<TaskRecord> {
  const { reporter, report } = input;
  const { taskId, token, attempt } = reporter;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const task = await ctx.stores.tasks.get(taskId);
    if (task === null) throw notFound("task", taskId);
    if (task.lease_token !== token) return afterTheEnd(ctx, task, attempt, report);
    const plan = planReport(ctx, task, report);
    const outcome = await changeTask({ ctx, task, intent: plan.intent });
    if (outcome.kind === "conflict" || plan.isFirstOfTwo) continue;
    await followUp(ctx, outcome.task, plan);
    return outcome.task;
  }
  throw new Error(`a report on ${taskId} lost ${MAX_TRIES} races`);
}

async function followUp(ctx: ServiceContext, task: TaskRecord, plan: ReportPlan): Promise<void> {
  if (task.status === "PENDING") {
    await publishJob({ ctx, task, delaySeconds: plan.delaySeconds });
  } else if (isTerminal(task.status) || plan.intent.events.length > 0) {
    await requestDispatch({ ctx, task });
  }
}

/**
 * Repeating the last report only means that its response was lost; anything else comes from an
 * attempt that is over.
 */
async function afterTheEnd(
  ctx: ServiceContext,
  task: TaskRecord,
  attempt: number,
  report: TaskReport,
): Promise<TaskRecord> {
  const isRepeated =
    isTerminal(task.status) &&
    task.attempt === attempt &&
    (report.status === task.status || (task.status === "CANCELED" && report.status !== undefined));
  if (isRepeated) return task;
  await ctx.stores.tasks.recordRejection(task._id, {
    at: ctx.runtime.now(),
    kind: "rejected",
    from: task.status,
    to: task.status,
    actor: EXECUTOR,
    attempt,
    reason: `a report with the token of attempt ${attempt} was refused: ${report.status ?? "heartbeat"}`,
  });
  throw new DomainError(
    "report_superseded",
    `Attempt ${attempt} is over: the task is ${task.status} at attempt ${task.attempt}. Stop working on it.`,
  );
}
