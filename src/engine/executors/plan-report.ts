import { MAX_REPORT_CHARACTERS, type TaskReport } from "../../contract/external-task.ts";
import type { Progress } from "../../contract/task.ts";
import type { TaskErrorRecord, TaskPatch, TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import type { Intent } from "../tasks/plan-change.ts";
import { isOutboxFull } from "../tasks/outbox-room.ts";
import { failIntent, retryIntent } from "../tasks/retry-intent.ts";

/** `task.progressed` is sent at most this often (`src/contract/event.ts` says so to subscribers). */
export const PROGRESS_EVENT_INTERVAL_MS = 10_000;

/** The executor's name in the history. */
export const EXECUTOR = "executor";

/** The effect of a report on its task. */
export type ReportPlan = {
  readonly intent: Intent;
  /** The delay until the next attempt, if one follows. */
  readonly delaySeconds: number;
  /**
   * Whether the report must be planned again after this change, because the table has no direct
   * transition.
   */
  readonly isFirstOfTwo: boolean;
};

/**
 * The change that an executor's report makes to the current task. An accepted kill turns every
 * ending into CANCELED, and is acknowledged by the first report whose response shows it. Throws
 * `invalid_request` for more additional data than a task may have.
 */
export function planReport(ctx: ServiceContext, task: TaskRecord, report: TaskReport): ReportPlan {
  const now = ctx.runtime.now();
  const patch = commonPatch(task, report, now);
  const alive = (): ReportPlan => ({
    ...NO_RETRY,
    intent: {
      to: "IN_PROGRESS",
      kind: task.status === "UNKNOWN" ? "status" : null,
      actor: EXECUTOR,
      reason: task.status === "UNKNOWN" ? "the executor is heard of again" : null,
      patch: {
        ...patch,
        lease_expires_at: new Date(now.getTime() + heartbeatMs(task)),
        ...(isProgressEvent(task, report, now) && { progress_event_at: now }),
      },
      events: isProgressEvent(task, report, now) ? [{ type: "task.progressed", data: {} }] : [],
    },
  });
  const { status } = report;
  if (status === undefined || status === "IN_PROGRESS") return alive();
  if (task.cancel !== null) return ending("CANCELED", task.cancel.reason ?? "killed", patch);
  switch (status) {
    case "COMPLETED":
      return ending("COMPLETED", "done", patch);
    case "CANCELED":
      return ending("CANCELED", report.reason ?? "canceled by the executor", patch);
    case "SKIPPED": {
      const reason = report.reason ?? "skipped by the executor";
      const additional_data = {
        ...task.additional_data,
        ...report.additional_data,
        skip_reason: reason,
      };
      return ending("SKIPPED", reason, { ...patch, additional_data });
    }
    case "FAILED": {
      const error = errorOf(task, report);
      if (!error.retryable) {
        const intent = failIntent(error, EXECUTOR);
        return { ...NO_RETRY, intent: { ...intent, patch: { ...patch, ...intent.patch } } };
      }
      // UNKNOWN leads back to IN_PROGRESS or to an end, not to the queue.
      if (task.status === "UNKNOWN") return { ...alive(), isFirstOfTwo: true };
      const { intent, delaySeconds } = retryIntent({ ctx, task, error, actor: EXECUTOR, now });
      return {
        intent: { ...intent, patch: { ...patch, ...intent.patch } },
        delaySeconds,
        isFirstOfTwo: false,
      };
    }
  }
}

const NO_RETRY = { delaySeconds: 0, isFirstOfTwo: false } as const;

function ending(
  to: "COMPLETED" | "CANCELED" | "SKIPPED",
  reason: string,
  patch: TaskPatch,
): ReportPlan {
  return {
    ...NO_RETRY,
    intent: { to, kind: "status", actor: EXECUTOR, reason, patch, events: [] },
  };
}

function commonPatch(task: TaskRecord, report: TaskReport, now: Date): TaskPatch {
  const additional_data = { ...task.additional_data, ...report.additional_data };
  if (report.additional_data !== undefined) requireRoom(additional_data);
  return {
    handed_over_at: task.handed_over_at ?? now,
    ...(report.progress !== undefined && { progress: progressOf(report.progress) }),
    ...(report.outputs !== undefined && { outputs: report.outputs }),
    ...(report.additional_data !== undefined && { additional_data }),
    // The response to this report shows the kill.
    ...(task.cancel?.acknowledged_at === null && {
      cancel: { ...task.cancel, acknowledged_at: now },
    }),
  };
}

/** Each report adds to what those before left. */
function requireRoom(additionalData: TaskRecord["additional_data"]): void {
  if (JSON.stringify(additionalData).length <= MAX_REPORT_CHARACTERS) return;
  const message =
    "expected at most 256 KiB with what earlier reports added; put large data elsewhere and report where";
  const path = "additional_data";
  throw new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
}

function progressOf({ completed, total, unit, message }: Progress): Progress {
  return { completed, total, unit, message };
}

function errorOf(task: TaskRecord, report: TaskReport): TaskErrorRecord {
  const { code, message, retryable, details } = report.error ?? {
    code: "executor_failed",
    message: "The executor failed.",
    retryable: true,
    details: null,
  };
  const isFinal = !retryable || task.attempt >= task.max_attempts;
  return { code, message, retryable: !isFinal, attempt: task.attempt, details };
}

function isProgressEvent(task: TaskRecord, report: TaskReport, now: Date): boolean {
  if (report.progress === undefined || isOutboxFull(task)) return false;
  const last = task.progress_event_at;
  return last === null || now.getTime() - last.getTime() >= PROGRESS_EVENT_INTERVAL_MS;
}

/** How long an executor may be silent, in milliseconds. */
export function heartbeatMs(task: TaskRecord): number {
  return (task.executor?.heartbeat_timeout ?? 0) * 1000;
}
