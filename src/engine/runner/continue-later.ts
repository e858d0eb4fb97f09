import type { TaskPatch } from "../../ports/task-store.ts";
import { changeWithoutHistory } from "../tasks/plan-change.ts";
import { publishJob } from "../tasks/publish-job.ts";
import { requestDispatch } from "../tasks/request-dispatch.ts";
import { endTask } from "./end-task.ts";
import { type Run, type RunOutcome, writeAsHolder } from "./run.ts";

/** How long a continuation's message may take before the reaper publishes it again. */
const CONTINUATION_GRACE_SECONDS = 120;

/**
 * Releases the lease and asks for another invocation, at once or after a delay, which continues the
 * attempt after the last completed step. A kill that came first ends the task instead.
 */
export async function continueLater(
  run: Run,
  { delaySeconds = 0, patch = {} }: { delaySeconds?: number; patch?: TaskPatch } = {},
): Promise<RunOutcome> {
  const { ctx } = run;
  const graceMs = (delaySeconds + CONTINUATION_GRACE_SECONDS) * 1000;
  const written = await writeAsHolder(run, (task) =>
    task.cancel !== null
      ? null
      : {
          ...changeWithoutHistory(task, "runner", {
            ...patch,
            lease_token: null,
            lease_expires_at: new Date(ctx.runtime.now().getTime() + graceMs),
            checkpoint: run.state,
            progress: run.progress,
          }),
          events: run.events,
        },
  );
  if (written.kind === "reconsider") return endTask(run, { status: "CANCELED" });
  if (written.kind === "lost") return { kind: "lost" };
  await Promise.all([
    publishJob({ ctx, task: written.task, delaySeconds }),
    requestDispatch({ ctx, task: written.task }),
  ]);
  return { kind: "continued" };
}
