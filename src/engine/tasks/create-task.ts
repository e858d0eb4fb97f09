import { isTerminal } from "../../contract/status.ts";
import type { InsertOutcome } from "../../ports/resource-store.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { requireSameRequest } from "../keyed-request.ts";
import { cacheTask } from "./cache-task.ts";
import { cancelTask, childRequest } from "./cancel-task.ts";
import { mirrorOrLog } from "./mirror-task.ts";
import { type NewTask, newTaskRecord, skippedRecord } from "./new-task.ts";
import { publishJob } from "./publish-job.ts";
import { requestDispatch } from "./request-dispatch.ts";

/** Whether a task is unchanged since it was inserted. */
const FIRST_VERSION = 1;

/** How many times a submission tries again when the conflicting task has ended meanwhile. */
const MAX_TRIES = 5;

/**
 * Accepts a task: once it is in MongoDB it will reach a terminal status, whatever fails next (P1).
 * Of many submissions with one idempotency key, one singleton key or one id, the unique indexes let
 * one insert win; the others find its task (P5). Throws `idempotency_key_reused` when the key
 * stands for another request, `parent_canceled` when its parent is to stop, and
 * `StoreUnavailableError` when MongoDB can't be reached, and then nothing was accepted (P6).
 */
export async function createTask({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: NewTask;
}): Promise<TaskRecord> {
  await requireParent(ctx, input);
  const task = newTaskRecord(ctx, input);
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const outcome = await ctx.stores.tasks.insert(task);
    if (outcome.kind === "inserted") {
      const [, stopped] = await Promise.all([announce(ctx, task), stopWithParent(ctx, task)]);
      return stopped ?? task;
    }
    const existing = await holderOf(ctx, task, outcome);
    if (existing === null) continue;
    if (input.keyed !== null && existing.idempotency_slot === input.keyed.slot) {
      requireSameRequest({ id: existing._id, hash: existing.request_hash }, input.keyed);
    }
    await announceAgain(ctx, existing);
    const isOther =
      existing._id !== task._id && existing.idempotency_slot !== task.idempotency_slot;
    if (!isOther || input.options.singleton?.when_busy !== "skip") return existing;
    return insertSkipped(ctx, task, existing);
  }
  throw new Error(`the submission of ${input.taskId} lost ${MAX_TRIES} races`);
}

/**
 * The task that an insert conflicted with; null when it has released the slot since. MongoDB names
 * only one violated unique index, so the request's own task is looked up first.
 */
async function holderOf(
  ctx: NamespaceContext,
  task: TaskRecord,
  { fields }: Extract<InsertOutcome, { kind: "duplicate" }>,
): Promise<TaskRecord | null> {
  const { tasks } = ctx.stores;
  if (task.idempotency_slot !== task._id) {
    const own = await tasks.findByIdempotencySlot(ctx.namespace._id, task.idempotency_slot);
    if (own !== null || fields.includes("idempotency_slot")) return own;
  }
  if (fields.includes("singleton_slot")) {
    return tasks.findBySingletonSlot(ctx.namespace._id, task.singleton_slot);
  }
  return tasks.find(ctx.namespace._id, task._id);
}

async function requireParent(ctx: NamespaceContext, { options, retryOf }: NewTask): Promise<void> {
  const { parent_task_id: parentId } = options;
  if (parentId === undefined) return;
  const path = "parent_task_id";
  const parent = await ctx.stores.tasks.find(ctx.namespace._id, parentId);
  if (parent === null) {
    const message = `there is no task "${parentId}" in this namespace`;
    throw new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
  }
  // Whoever retries a child of a canceled parent wants that child alone.
  if (retryOf !== undefined || !isStopping(parent)) return;
  const message = `the task "${parentId}" ${parent.status === "CANCELED" ? "was canceled" : "was asked to stop"}`;
  throw new DomainError("parent_canceled", `${path}: ${message}.`, [{ path, message }]);
}

/** It is CANCELED, or will be unless it ends before its runner sees that it should stop. */
function isStopping({ status, cancel }: TaskRecord): boolean {
  return status === "CANCELED" || (cancel !== null && !isTerminal(status));
}

/**
 * Kills a new task whose parent was killed while it was inserted: that kill may have looked for
 * children before this one was there, and any kill that comes later finds it. Null when none came.
 */
async function stopWithParent(ctx: NamespaceContext, task: TaskRecord): Promise<TaskRecord | null> {
  const { parent_task_id: parentId, namespace_id: namespaceId, _id: taskId } = task;
  if (parentId === null || task.retry_of !== null) return null;
  const parent = await ctx.stores.tasks.find(namespaceId, parentId);
  if (parent === null || !isStopping(parent)) return null;
  const request = childRequest(parent, parent.cancel?.requested_by ?? "waybill");
  const outcome = await cancelTask({ ctx, namespaceId, taskId, request });
  return "task" in outcome ? outcome.task : null;
}

async function insertSkipped(
  ctx: NamespaceContext,
  task: TaskRecord,
  busy: TaskRecord,
): Promise<TaskRecord> {
  const skipped = skippedRecord(ctx, task, busy);
  const outcome = await ctx.stores.tasks.insert(skipped);
  const made = outcome.kind === "inserted" ? skipped : await holderOf(ctx, skipped, outcome);
  if (made === null) throw new Error(`${task._id} was refused and can't be found`);
  await Promise.all([
    cacheTask({ ctx, task: made, eventsAfter: 0 }),
    mirrorOrLog({ ctx, task: made }),
    requestDispatch({ ctx, task: made }),
  ]);
  return made;
}

/**
 * Does what follows the insert for a task that already existed: its inserter may have died before
 * doing it. Doing it twice changes nothing (P7).
 */
export async function announceAgain(ctx: NamespaceContext, task: TaskRecord): Promise<void> {
  if (task.version === FIRST_VERSION) await announce(ctx, task);
}

/** What follows the insert: hot copy, job message, resource. All of it is only for speed. */
async function announce(ctx: NamespaceContext, task: TaskRecord): Promise<void> {
  const waitMs =
    task.not_before === null ? 0 : task.not_before.getTime() - ctx.runtime.now().getTime();
  await Promise.all([
    cacheTask({ ctx, task, eventsAfter: 0 }),
    publishJob({ ctx, task, delaySeconds: Math.max(0, Math.ceil(waitMs / 1000)) }),
    mirrorOrLog({ ctx, task }),
  ]);
}
