import type { Progress } from "../../contract/task.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { changeTask } from "../tasks/change-task.ts";
import type { Intent, NewEvent } from "../tasks/plan-change.ts";
import type { JobState, OpenJob } from "../jobs/job.ts";

/** One invocation's work on one task: what it holds, and its progress. */
export type Run = {
  readonly ctx: ServiceContext;
  /** The actor in the history: the reaper also ends tasks, those whose runners are gone. */
  readonly actor: "runner" | "reaper";
  readonly leaseToken: string;
  /** Null until the job is bound to its resource. */
  job: OpenJob | null;
  /** The task as last written or read by this run. */
  task: TaskRecord;
  state: JobState | null;
  progress: Progress | null;
  /** The events of the steps since the last checkpoint; stored with the next one. */
  events: readonly NewEvent[];
};

/** The result of an invocation. */
export type RunOutcome =
  | { readonly kind: "ended"; readonly status: TaskRecord["status"] }
  | { readonly kind: "continued" }
  | { readonly kind: "retried"; readonly delaySeconds: number }
  /** An executor has the task now, and reports. */
  | { readonly kind: "handed_over" }
  /** The lease is lost: this run wrote nothing more, and the refusal is in the history. */
  | { readonly kind: "lost" }
  | { readonly kind: "stale"; readonly reason: string };

/** How many times a lease holder's write that lost a race tries again. */
const MAX_TRIES = 10;

/** The outcome of a lease holder's write. */
export type HolderWrite =
  | { readonly kind: "written"; readonly task: TaskRecord }
  /** `intentFor` decided, for the task as it is now, not to make the change. */
  | { readonly kind: "reconsider" }
  /** The lease is lost; nothing was changed, and the refusal is in the history (P2). */
  | { readonly kind: "lost" };

/**
 * Writes as the holder of the lease. A kill in between makes the write conflict: the task is read
 * again, and `intentFor` decides again.
 */
export async function writeAsHolder(
  run: Run,
  intentFor: (task: TaskRecord) => Intent | null,
): Promise<HolderWrite> {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const intent = intentFor(run.task);
    if (intent === null) return { kind: "reconsider" };
    const outcome = await changeTask({ ctx: run.ctx, task: run.task, intent });
    if (outcome.kind === "changed") {
      run.task = outcome.task;
      return { kind: "written", task: outcome.task };
    }
    const present = await run.ctx.stores.tasks.get(run.task._id);
    if (present === null) return { kind: "lost" };
    if (present.lease_token !== run.leaseToken) {
      await recordRejection(run, present, `${run.task.status} → ${intent.to}`);
      return { kind: "lost" };
    }
    run.task = present;
  }
  throw new Error(`a write to ${run.task._id} lost ${MAX_TRIES} races`);
}

/** Records in the history that a write with an old lease token was refused (P2). */
export async function recordRejection(
  run: Run,
  present: TaskRecord,
  attempted: string,
): Promise<void> {
  await run.ctx.stores.tasks.recordRejection(present._id, {
    at: run.ctx.runtime.now(),
    kind: "rejected",
    from: present.status,
    to: present.status,
    actor: run.actor,
    attempt: run.task.attempt,
    reason: `a write with an old lease token was refused: ${attempted}`,
  });
}
