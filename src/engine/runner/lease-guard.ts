import { OPERATION_ENDS_WITHIN_MS } from "../../ports/operation-time.ts";
import type { HoldLease } from "../jobs/guarded-stores.ts";
import { renewLease } from "./heartbeat.ts";
import type { Run } from "./run.ts";

/**
 * What must be left of the lease for a job to begin a write: as long as the write may take, and
 * 5 s for clocks that differ and for the way to the connection. `LEASE_SECONDS` is above it.
 */
export const LEASE_MARGIN_MS = OPERATION_ENDS_WITHIN_MS + 5_000;

/** A renewal may take so long itself that the lease is short again when its answer is here. */
const MAX_RENEWALS = 3;

/** Thrown by a job's stores once its lease is in other hands, which the history says by then. */
export class LeaseLostError extends Error {
  constructor(taskId: string) {
    super(`The lease of ${taskId} is lost: nothing more is written.`);
    this.name = "LeaseLostError";
  }
}

/**
 * Fences what a job writes beside its task. The reaper takes a lease only after its end, and a
 * write that begins with the margin left is over by then: no write of this run takes effect once
 * another can have confirmed the task's end. Costs nothing while heartbeats come in time.
 */
export function leaseGuard(run: Run): HoldLease {
  let isLost = false;
  // One at a time, so that calls side by side don't store the events of steps twice.
  let renewal: Promise<boolean> | null = null;
  const renew = async () => {
    try {
      renewal ??= renewLease(run);
      return await renewal;
    } finally {
      renewal = null;
    }
  };
  return async () => {
    for (let renewals = 0; !isLost && renewals <= MAX_RENEWALS; renewals += 1) {
      if (remainingMs(run) > LEASE_MARGIN_MS) return;
      isLost = !(await renew());
    }
    if (isLost) throw new LeaseLostError(run.task._id);
    throw new Error(`The lease of ${run.task._id} can't be renewed in time to write under it.`);
  };
}

function remainingMs({ ctx, task }: Run): number {
  return (task.lease_expires_at?.getTime() ?? 0) - ctx.runtime.now().getTime();
}
