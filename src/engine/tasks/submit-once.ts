import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { type Keyed, requireSameRequest } from "../keyed-request.ts";
import { announceAgain } from "./create-task.ts";

/**
 * Makes a task, unless its request made one before: then that is the answer, before anything is
 * looked up or made, and whatever has become since of what the request names (P5). Throws what `make`
 * throws, and `idempotency_key_reused` when the slot stands for another request.
 *
 * Twins at once both find nothing: the unique index lets one insert win, and the other is answered
 * with its task. So where `make` makes nothing but the task (`insertDecides`), the insert itself is the
 * comparison, and a read is spent only when `make` refuses.
 */
export async function submitOnce({
  ctx,
  keyed,
  insertDecides = false,
  make,
}: {
  ctx: NamespaceContext;
  keyed: Keyed | null;
  insertDecides?: boolean;
  make: () => Promise<TaskRecord>;
}): Promise<TaskRecord> {
  if (keyed === null) return make();
  const before = insertDecides ? null : await madeBefore(ctx, keyed);
  if (before !== null) return before;
  let task: TaskRecord;
  try {
    task = await make();
  } catch (error) {
    // What was accepted once is answered again, also when it would be refused by now.
    const made = error instanceof DomainError ? await madeBefore(ctx, keyed) : null;
    if (made === null) throw error;
    return made;
  }
  if (task.idempotency_slot === keyed.slot) {
    requireSameRequest({ id: task._id, hash: task.request_hash }, keyed);
  }
  return task;
}

/** The task of this slot; null when there is none. */
async function madeBefore(ctx: NamespaceContext, keyed: Keyed): Promise<TaskRecord | null> {
  const task = await ctx.stores.tasks.findByIdempotencySlot(ctx.namespace._id, keyed.slot);
  if (task === null) return null;
  requireSameRequest({ id: task._id, hash: task.request_hash }, keyed);
  await announceAgain(ctx, task);
  return task;
}
