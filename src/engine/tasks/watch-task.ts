import { StoreUnavailableError } from "../../ports/errors.ts";
import type { CachedTask } from "../../ports/task-cache.ts";
import type { NamespaceContext } from "../context.ts";
import { valueOrTimeout } from "./get-task.ts";

/** How long a look waits for another one in progress, in milliseconds; see `getTask`. */
const SHARED_LOOK_MS = 2_000;

/** The hot copy, null when there is none; and whether writers will report changes from now on. */
export type Watched = { readonly cached: CachedTask | null; readonly isWatching: boolean };

/**
 * Reads a task's hot copy and asks its writers to report changes. Simultaneous looks in one isolate
 * share one command: a writer reports any later change to the hub, which remembers it. Without
 * Redis nothing is watched.
 */
export async function watchTask(ctx: NamespaceContext, taskId: string): Promise<Watched> {
  const { looks } = ctx.memory;
  const key = `${ctx.namespace._id}:${taskId}`;
  const underWay = looks.get(key);
  if (underWay !== undefined) {
    const shared = await valueOrTimeout(underWay, SHARED_LOOK_MS);
    if (shared !== "timed out") return { cached: shared, isWatching: true };
  }
  const own = ctx.stores.taskCache.watch(ctx.namespace._id, taskId);
  looks.set(key, own);
  try {
    return { cached: await own, isWatching: true };
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return { cached: null, isWatching: false };
  } finally {
    if (looks.get(key) === own) looks.delete(key);
  }
}
