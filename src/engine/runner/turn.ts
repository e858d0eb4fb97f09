import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { heldSlot } from "../keyed-request.ts";
import { publishJob } from "../tasks/publish-job.ts";

/**
 * Reminders to the same first in line within this time are one message, however many tasks send
 * one.
 */
const REMINDER_MS = 60_000;

/**
 * Whether a task that queues for its singleton key may begin: no task holds the key, and no earlier
 * task waits for it. Messages alone don't keep the order: a later task's message that arrives just
 * when the key is released would take it from the task being woken. A task that finds the key free
 * out of turn reminds the first in line, whose own message may be lost.
 *
 * The line is read before the key's holder is looked up; the holder is then marked as awaited, so
 * it wakes the next in line when it ends. So when both are clear, all earlier tasks have ended, and
 * by the same clock this task starts no earlier than they completed. Takes a read and a write,
 * which may match nothing; neither for a task that has held its key since creation, has none, or is
 * between two invocations.
 */
export async function claimTurnOrRemindFirst(
  ctx: ServiceContext,
  task: TaskRecord,
): Promise<boolean> {
  const { namespace_id: namespaceId, singleton_key: key } = task;
  if (key === null || task.status !== "PENDING" || task.singleton_slot === heldSlot(key)) {
    return true;
  }
  const { tasks } = ctx.stores;
  const now = ctx.runtime.now();
  const first = await tasks.nextInLine(namespaceId, "singleton_key", key, now);
  if (await tasks.markSlotAwaited(namespaceId, heldSlot(key))) return false;
  // Among tasks of the same millisecond, the first message wins.
  if (first === null || first.created_at.getTime() >= task.created_at.getTime()) return true;
  const mark = `-turn-${Math.floor(now.getTime() / REMINDER_MS)}`;
  await publishJob({ ctx, task: first, mark });
  return false;
}
