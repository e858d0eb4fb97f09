import { isTerminal } from "../../contract/status.ts";
import { WATCH_MS } from "../../ports/task-cache.ts";
import type { WatchSeat } from "../../ports/watchers.ts";
import type { NamespaceContext } from "../context.ts";
import type { PolledTask } from "../isolate-memory.ts";
import { getTask } from "./get-task.ts";
import { watchTask } from "./watch-task.ts";

/**
 * How often a wait looks for itself, in milliseconds. A wake-up may be lost (the hub was reset,
 * Redis flushed, the writer died); a loss delays the wait by at most this long.
 */
export const LOOK_INTERVAL_MS = 15_000;

/** The parameters of a wait. */
export type AwaitedTask = {
  readonly taskId: string;
  /** As in `getTask`. */
  readonly cacheOnly: boolean;
  /**
   * Whether the caller knows this version already; a task in another version is returned at once.
   */
  readonly isKnown: (version: number) => boolean;
  readonly waitMs: number;
};

/** The task as it is now, and whether the wait was possible. */
export type AwaitOutcome = { readonly polled: PolledTask; readonly isWaitApplied: boolean };

/**
 * Returns the task as soon as it is in a version that the caller doesn't know, or when the time is
 * up. Its writer brings the news; nothing is polled. A task that has ended is returned at once.
 * While Redis is down, this is a plain poll. Throws `not_found`.
 */
export async function awaitTask({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: AwaitedTask;
}): Promise<AwaitOutcome> {
  const key = `${ctx.namespace._id}:${input.taskId}`;
  if (ctx.memory.terminalTasks.has(key)) {
    return { polled: await getTask({ ctx, input }), isWaitApplied: true };
  }
  const seat = ctx.stores.watchers.join(ctx.namespace._id, input.taskId);
  try {
    const outcome = await untilNews(ctx, input, seat);
    const { task } = outcome.polled;
    if (isTerminal(task.status)) ctx.memory.terminalTasks.set(key, task);
    return outcome;
  } finally {
    seat.leave();
  }
}

async function untilNews(
  ctx: NamespaceContext,
  input: AwaitedTask,
  seat: WatchSeat,
): Promise<AwaitOutcome> {
  const now = () => ctx.runtime.now().getTime();
  const deadline = now() + input.waitMs;
  let since: number | null = null;
  let watchedUntil = 0;
  for (;;) {
    const lookedAt = now();
    const { cached, isWatching } = await watchTask(ctx, input.taskId);
    // One look may fail: the watch set by the last one is still active.
    if (isWatching) watchedUntil = lookedAt + WATCH_MS;
    const polled: PolledTask =
      cached === null ? await getTask({ ctx, input }) : { task: cached, source: "cache" };
    const { version, status } = polled.task;
    const isNews = since === null ? !input.isKnown(version) : version !== since;
    since ??= version;
    if (isNews || isTerminal(status)) return { polled, isWaitApplied: true };
    const left = deadline - now();
    if (left <= 0) return { polled, isWaitApplied: true };
    const pauseMs = Math.min(left, LOOK_INTERVAL_MS, watchedUntil - now());
    if (pauseMs <= 0) return { polled, isWaitApplied: false };
    const news = await seat.next({ version }, pauseMs);
    if (news !== null) return { polled: { task: news, source: "cache" }, isWaitApplied: true };
  }
}
