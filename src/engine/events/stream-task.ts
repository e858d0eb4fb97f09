import { z } from "zod";
import { isTerminal } from "../../contract/status.ts";
import type { WatchSeat } from "../../ports/watchers.ts";
import { bestEffort } from "../best-effort.ts";
import type { NamespaceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { type EventStream, STREAM_MS, type StreamItem } from "../events/event-stream.ts";
import { LOOK_INTERVAL_MS } from "../tasks/await-task.ts";
import { readTaskEvents, type TaskEvents } from "./read-task-events.ts";
import { watchTask } from "../tasks/watch-task.ts";

type StreamRequest = {
  readonly taskId: string;
  /** The sequence of the last event that the reader has; 0 for none. */
  readonly after: number;
};

/** The last event sequence according to a task's cached JSON. */
const Sequence = z.object({ sequence: z.int() });

/**
 * Streams a task's events in order of `sequence` from the one after `after` to its last. They are
 * read when their writer reports more, or when the look every 15 seconds finds more. Null when the
 * task has ended and the reader has everything. Throws `not_found`, and `invalid_request` for a
 * sequence that the task hasn't reached.
 */
export async function openTaskStream({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: StreamRequest;
}): Promise<EventStream | null> {
  // The watch is set before the first read, so no event is missed in between.
  await watchTask(ctx, input.taskId);
  const first = await readTaskEvents({ ctx, input });
  if (first.events.length === 0 && isTerminal(first.task.status)) return null;
  if (input.after > first.task.sequence) throw ahead();
  const seat = ctx.stores.watchers.join(ctx.namespace._id, input.taskId);
  return { items: streamFrom(ctx, input, first, seat), leave: () => seat.leave() };
}

function ahead(): DomainError {
  const path = "Last-Event-ID";
  const message = "expected the id of an event that has happened";
  return new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
}

async function* streamFrom(
  ctx: NamespaceContext,
  { taskId, after }: StreamRequest,
  first: TaskEvents,
  seat: WatchSeat,
): AsyncGenerator<StreamItem, void, void> {
  const endsAt = ctx.runtime.now().getTime() + STREAM_MS;
  let sent = after;
  // A reported event is not requested again, even if it can't be read yet.
  let told = after;
  let read: TaskEvents | null = first;
  try {
    for (;;) {
      while (read !== null) {
        for (const event of read.events) {
          yield { kind: "event", id: String(event.sequence), event };
          sent = event.sequence;
        }
        const isAll: boolean = read.events.length === 0 || sent >= read.task.sequence;
        if (isAll && isTerminal(read.task.status)) return;
        read = isAll ? null : await readIfPossible(ctx, taskId, sent);
      }
      if (ctx.runtime.now().getTime() >= endsAt) return;
      told = Math.max(told, sent);
      const news = await seat.next({ sequence: told }, LOOK_INTERVAL_MS);
      if (news === null) yield { kind: "idle", id: null };
      else told = news.sequence;
      const isMore = news !== null || (await hasMore(ctx, taskId, sent));
      if (isMore) read = await readIfPossible(ctx, taskId, sent);
    }
  } finally {
    seat.leave();
  }
}

/** Renews the watch, and returns whether the hot copy, if there is one, shows more events. */
async function hasMore(ctx: NamespaceContext, taskId: string, sent: number): Promise<boolean> {
  const { cached } = await watchTask(ctx, taskId);
  if (cached === null || isTerminal(cached.status)) return true;
  return Sequence.parse(JSON.parse(cached.json)).sequence > sent;
}

/** Null while MongoDB is down: the next look tries again. */
async function readIfPossible(
  ctx: NamespaceContext,
  taskId: string,
  after: number,
): Promise<TaskEvents | null> {
  const log = "a stream waits for its events";
  return bestEffort(ctx, { log, fields: { task_id: taskId } }, () =>
    readTaskEvents({ ctx, input: { taskId, after } }),
  );
}
