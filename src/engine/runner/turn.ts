import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { heldSlot } from "../keyed-request.ts";
import { publishJob } from "../tasks/publish-job.ts";

/** Messages to the same first in line within this time are one, however many behind it send one. */
const REMINDER_MS = 60_000;

/**
 * Whether a task that queues for its singleton key may begin: nobody holds the key, and nobody who
 * was submitted earlier waits for it. Messages alone don't keep the order: one of a later task that
 * arrives just when the key is let go would win it from the task that is being woken. Who finds the
 * key free out of turn reminds the first in line, whose own message may be lost.
 *
 * The line is read before the key's holder is looked for, who is told that somebody waits and wakes
 * the next in line at its end. So when both are clear, all who stood before have ended, and by the same
 * clock this task starts no earlier than they completed. A read and a write that may meet nothing; none
 * for a task that holds its key since it was made, has none, or is between two invocations.
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
  // Of those of one millisecond any may go: whichever message comes first.
  if (first === null || first.created_at.getTime() >= task.created_at.getTime()) return true;
  const mark = `-turn-${Math.floor(now.getTime() / REMINDER_MS)}`;
  await publishJob({ ctx, task: first, mark });
  return false;
}
