import { isTerminal, UNFINISHED_STATUSES } from "../../contract/status.ts";
import type { Keyset, Page } from "../../ports/resource-store.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { bestEffort } from "../best-effort.ts";
import type { ServiceContext } from "../context.ts";
import { changeTask } from "./change-task.ts";
import type { Intent } from "./plan-change.ts";
import { publishJob } from "./publish-job.ts";
import { requestDispatch } from "./request-dispatch.ts";

/**
 * How many times a kill tries again after losing a race against the runner, which writes about once
 * a second.
 */
const MAX_TRIES = 10;

/** How many children are read, and killed concurrently. */
const CHILDREN_PER_PAGE = 100;
const CHILDREN_AT_ONCE = 10;

/** Who wants a task stopped, and why. */
export type CancelRequest = { readonly actor: string; readonly reason: string | null };

/** The result of a request to stop. */
export type CancelOutcome =
  /** It was waiting and is now CANCELED, or it is running and was asked to stop, now or earlier. */
  | { readonly kind: "accepted"; readonly task: TaskRecord }
  | { readonly kind: "ended"; readonly task: TaskRecord }
  | { readonly kind: "not_killable"; readonly task: TaskRecord; readonly reason: string }
  | { readonly kind: "not_found" };

/**
 * Asks for a task's cancellation. A PENDING task becomes CANCELED at once, and its queued message
 * is deleted. For a running task the request is recorded; its runner acknowledges it and confirms
 * with CANCELED. A task that waits for its next attempt gets a runner at once, which cleans up and
 * reports what the last attempt left. Children are killed the same way, now and again when CANCELED
 * is dispatched, so a crash in between misses none.
 */
export async function cancelTask({
  ctx,
  namespaceId,
  taskId,
  request,
}: {
  ctx: ServiceContext;
  namespaceId: string;
  taskId: string;
  request: CancelRequest;
}): Promise<CancelOutcome> {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const task = await ctx.stores.tasks.find(namespaceId, taskId);
    if (task === null) return { kind: "not_found" };
    if (task.cancel !== null && (task.status === "CANCELED" || !isTerminal(task.status))) {
      return { kind: "accepted", task };
    }
    if (isTerminal(task.status)) return { kind: "ended", task };
    if (task.kill_refusal !== null) {
      return { kind: "not_killable", task, reason: task.kill_refusal };
    }
    const outcome = await changeTask({ ctx, task, intent: cancelIntent(ctx, task, request) });
    if (outcome.kind === "conflict") continue;
    await Promise.all([
      isWaiting(task) ? afterQueued(ctx, outcome.task) : null,
      cancelChildren({ ctx, parent: outcome.task, actor: request.actor }),
    ]);
    return { kind: "accepted", task: outcome.task };
  }
  throw new Error(`the kill of ${taskId} lost ${MAX_TRIES} races`);
}

/** What a task's children are asked when it is killed. */
export function childRequest(parent: TaskRecord, actor: string): CancelRequest {
  return { actor, reason: `its parent ${parent._id} was killed` };
}

/** Kills a task's children and their descendants until none is left that can be killed. */
export async function cancelChildren({
  ctx,
  parent,
  actor,
}: {
  ctx: ServiceContext;
  parent: TaskRecord;
  actor: string;
}): Promise<void> {
  const request = childRequest(parent, actor);
  const filter = {
    namespaceIds: [parent.namespace_id],
    parentTaskIds: [parent._id],
    statuses: UNFINISHED_STATUSES,
  };
  let after: Keyset | null = null;
  do {
    const page: Page<TaskRecord> = await ctx.stores.tasks.list(filter, {
      direction: "ascending",
      limit: CHILDREN_PER_PAGE,
      after,
    });
    for (let start = 0; start < page.rows.length; start += CHILDREN_AT_ONCE) {
      await Promise.all(
        page.rows
          .slice(start, start + CHILDREN_AT_ONCE)
          .map(async ({ _id: taskId }) =>
            cancelTask({ ctx, namespaceId: parent.namespace_id, taskId, request }),
          ),
      );
    }
    after = page.next;
  } while (after !== null);
}

/** Nothing runs it now: it waits for an attempt, or is paused mid-attempt for a store's outage. */
function isWaiting({ status, lease_token, outages }: TaskRecord): boolean {
  return status === "PENDING" || (status === "PROCESSING" && lease_token === null && outages > 0);
}

async function afterQueued(ctx: ServiceContext, task: TaskRecord): Promise<void> {
  if (isTerminal(task.status)) {
    await Promise.all([requestDispatch({ ctx, task }), takeMessageBack(ctx, task)]);
    return;
  }
  // In sequence: the deletion takes back every message of the task.
  await takeMessageBack(ctx, task);
  await publishJob({ ctx, task });
}

/** A message that still arrives finds the task ended and changes nothing (P7). */
async function takeMessageBack(ctx: ServiceContext, task: TaskRecord): Promise<void> {
  const log = "a killed task's message was left in the queue";
  await bestEffort(ctx, { log, fields: { task_id: task._id }, on: "everything" }, () =>
    ctx.stores.queue.cancelJobs(task._id),
  );
}

function cancelIntent(ctx: ServiceContext, task: TaskRecord, request: CancelRequest): Intent {
  const now = ctx.runtime.now();
  // One of our runners that died before its first checkpoint may have written data that must be
  // counted.
  const isUntouched =
    task.status === "PENDING" &&
    task.checkpoint === null &&
    (task.attempt === 0 || task.executor !== null);
  return {
    to: isUntouched ? "CANCELED" : task.status,
    kind: isUntouched ? "status" : "cancel",
    actor: request.actor,
    reason: request.reason ?? "kill requested",
    patch: {
      cancel: {
        requested_at: now,
        requested_by: request.actor,
        // Nothing was ever done, so nobody else can acknowledge it.
        acknowledged_at: isUntouched ? now : null,
        reason: request.reason,
      },
    },
    events: [],
  };
}
