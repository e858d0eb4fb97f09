import { StoreUnavailableError } from "../../ports/errors.ts";
import type { CachedTask } from "../../ports/task-cache.ts";
import type { NamespaceContext } from "../context.ts";
import { valueOrTimeout } from "./get-task.ts";

/** How long a look waits for another one under way, in milliseconds; see `getTask`. */
const SHARED_LOOK_MS = 2_000;

/** The hot copy, null when there is none; and whether a writer will tell of changes from now on. */
export type Watched = { readonly cached: CachedTask | null; readonly isWatching: boolean };

/**
 * Looks at a task's hot copy and has its writers tell of changes. Simultaneous looks of one
 * isolate are one command: what changed since it was carried out, its writer has told the hub,
 * which remembers. Without Redis nothing is watched.
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
