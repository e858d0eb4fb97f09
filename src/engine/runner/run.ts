import type { Progress } from "../../contract/task.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { changeTask } from "../tasks/change-task.ts";
import type { Intent, NewEvent } from "../tasks/plan-change.ts";
import type { JobState, OpenJob } from "../jobs/job.ts";

/** One invocation at work on one task: what it holds, and how far it is. */
export type Run = {
  readonly ctx: ServiceContext;
  /** How it stands in the history: the reaper ends tasks whose runners are gone. */
  readonly actor: "runner" | "reaper";
  readonly leaseToken: string;
  /** Null until the job is bound to its resource. */
  job: OpenJob | null;
  /** The task as this run last wrote or read it. */
  task: TaskRecord;
  state: JobState | null;
  progress: Progress | null;
  /** What the steps since the last checkpoint have to tell; stored with the next. */
  events: readonly NewEvent[];
};

/** What an invocation came to. */
export type RunOutcome =
  | { readonly kind: "ended"; readonly status: TaskRecord["status"] }
  | { readonly kind: "continued" }
  | { readonly kind: "retried"; readonly delaySeconds: number }
  /** An executor has the task now, and reports. */
  | { readonly kind: "handed_over" }
  /** The lease is in other hands: this run wrote nothing more, and its refusal is in the history. */
  | { readonly kind: "lost" }
  | { readonly kind: "stale"; readonly reason: string };

/** How often a write of the lease holder that lost a race looks again. */
const MAX_TRIES = 10;

/** What became of a write of the lease holder. */
export type HolderWrite =
  | { readonly kind: "written"; readonly task: TaskRecord }
  /** `intentFor` found, in view of the task as it is now, that this is not what it wants. */
  | { readonly kind: "reconsider" }
  /** The lease is in other hands; nothing was changed, and the refusal is in the history (P2). */
  | { readonly kind: "lost" };

/**
 * Writes as the holder of the lease. A kill that came in meanwhile makes the write conflict: the
 * task is read again, and `intentFor` decides anew in view of it.
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

/** Notes in the history that a write with an old lease token was refused (P2). */
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
