import { OPERATION_ENDS_WITHIN_MS } from "../../ports/operation-time.ts";
import type { HoldLease } from "../jobs/guarded-stores.ts";
import { renewLease } from "./heartbeat.ts";
import type { Run } from "./run.ts";

/**
 * The time that must be left on the lease for a job to begin a write: the longest write, plus 5 s
 * for clock differences and for getting a connection. `LEASE_SECONDS` is larger.
 */
export const LEASE_MARGIN_MS = OPERATION_ENDS_WITHIN_MS + 5_000;

/** A renewal may take so long that the lease is short again when it returns. */
const MAX_RENEWALS = 3;

/** Thrown by a job's stores once its lease is lost, which the history shows by then. */
export class LeaseLostError extends Error {
  constructor(taskId: string) {
    super(`The lease of ${taskId} is lost: nothing more is written.`);
    this.name = "LeaseLostError";
  }
}

/**
 * Fences what a job writes besides its task. The reaper revokes a lease only after it expires, and
 * a write that begins with the margin left is over by then. So no write of this run takes effect
 * once another runner can have confirmed the task's end. Costs nothing while heartbeats are on
 * time.
 */
export function leaseGuard(run: Run): HoldLease {
  let isLost = false;
  // One at a time, so concurrent calls don't store the steps' events twice.
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
