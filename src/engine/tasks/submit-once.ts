import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { type Keyed, requireSameRequest } from "../keyed-request.ts";
import { announceAgain } from "./create-task.ts";

/**
 * Creates a task, unless the same request created one before. Then it returns that task before it
 * looks up or creates anything, whatever has happened since to what the request names (P5). Throws
 * what `make` throws, and `idempotency_key_reused` when the slot belongs to another request.
 *
 * Two simultaneous requests both find nothing: the unique index lets one insert win, and the other
 * gets its task. So where `make` creates only the task (`insertDecides`), the insert itself
 * decides, and a read is needed only when `make` refuses.
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
    // A request that was accepted gets the same answer again, even if it would be refused by now.
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
