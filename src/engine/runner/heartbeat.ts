import type { TaskRecord } from "../../ports/task-store.ts";
import { cacheTask } from "../tasks/cache-task.ts";
import { changeWithoutHistory, type NewEvent } from "../tasks/plan-change.ts";
import { isOutboxFull } from "../tasks/outbox-room.ts";
import { requestDispatch } from "../tasks/request-dispatch.ts";
import { PROGRESS_EVENT_INTERVAL_MS } from "../executors/plan-report.ts";
import { recordRejection, type Run, writeAsHolder } from "./run.ts";

/** This many step events don't wait for the next heartbeat. */
const MAX_UNSTORED_EVENTS = 20;

/** When this invocation last wrote, and last reported progress, in milliseconds. */
export type Pulse = { beatAt: number; progressEventAt: number };

/**
 * Between two steps, if due: renews the lease and stores progress and checkpoint in one write,
 * which also detects a kill. False when the lease is lost.
 */
export async function heartbeat(run: Run, pulse: Pulse): Promise<boolean> {
  const now = run.ctx.runtime.now();
  const isEarly = now.getTime() - pulse.beatAt < run.ctx.config.jobs.heartbeatIntervalMs;
  if (isEarly && run.events.length < MAX_UNSTORED_EVENTS) return true;
  pulse.beatAt = now.getTime();
  const isDue = now.getTime() - pulse.progressEventAt >= PROGRESS_EVENT_INTERVAL_MS;
  if (isDue && !isOutboxFull(run.task)) {
    pulse.progressEventAt = now.getTime();
    return beatWithEvents(run, leaseEnd(run, now), [{ type: "task.progressed", data: {} }]);
  }
  return renewLease(run);
}

/** Renews the lease from now on. False when it is lost, which is then recorded in the history. */
export async function renewLease(run: Run): Promise<boolean> {
  const now = run.ctx.runtime.now();
  if (run.events.length > 0) return beatWithEvents(run, leaseEnd(run, now), []);
  const beaten: TaskRecord | null = await run.ctx.stores.tasks.heartbeat({
    taskId: run.task._id,
    leaseToken: run.leaseToken,
    leaseExpiresAt: leaseEnd(run, now),
    progress: run.progress,
    checkpoint: run.state,
    at: now,
  });
  if (beaten === null) {
    await recordRejection(run, run.task, "heartbeat");
    return false;
  }
  run.task = beaten;
  await cacheTask({ ctx: run.ctx, task: beaten });
  return true;
}

async function beatWithEvents(
  run: Run,
  leaseExpiresAt: Date,
  more: readonly NewEvent[],
): Promise<boolean> {
  const patch = { lease_expires_at: leaseExpiresAt, progress: run.progress, checkpoint: run.state };
  const written = await writeAsHolder(run, (task) => ({
    ...changeWithoutHistory(task, "runner", patch),
    events: [...run.events, ...more],
  }));
  if (written.kind !== "written") return false;
  const isAwaited = run.events.length > 0;
  run.events = [];
  if (isAwaited) await requestDispatch({ ctx: run.ctx, task: written.task });
  return true;
}

function leaseEnd(run: Run, now: Date): Date {
  return new Date(now.getTime() + run.ctx.config.jobs.leaseSeconds * 1000);
}
