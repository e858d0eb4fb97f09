import { isTerminal } from "../../contract/status.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";
import type { CachedTask } from "../../ports/task-cache.ts";
import { bestEffort } from "../best-effort.ts";
import type { NamespaceContext } from "../context.ts";
import { notFound } from "../errors.ts";
import type { PolledTask } from "../isolate-memory.ts";
import { cachedTaskOf } from "./present-task.ts";

/**
 * How long a poll waits for another poll's look-up, in milliseconds. If the other request is
 * canceled by its caller, its promise never settles; this poll then does its own look-up.
 */
const SHARED_LOOKUP_MS = 2_000;

/**
 * The latest status of a task: the hot path. A terminal task may come from the isolate's memory,
 * since it never changes again; otherwise it takes one Redis command. On a miss, or with Redis
 * down, it comes from MongoDB, and the hot copy is filled again (P4, P6). With `cacheOnly`, only
 * Redis is read. Throws `not_found`.
 */
export async function getTask({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly taskId: string; readonly cacheOnly: boolean };
}): Promise<PolledTask> {
  const found = input.cacheOnly
    ? await fromRedis(ctx, input.taskId)
    : await lookUp(ctx, input.taskId);
  if (found === null) throw notFound("task", input.taskId);
  return found;
}

async function fromRedis(ctx: NamespaceContext, taskId: string): Promise<PolledTask | null> {
  const task = await ctx.stores.taskCache.get(ctx.namespace._id, taskId);
  return task === null ? null : { task, source: "cache" };
}

async function lookUp(ctx: NamespaceContext, taskId: string): Promise<PolledTask | null> {
  const { terminalTasks, polls } = ctx.memory;
  const key = `${ctx.namespace._id}:${taskId}`;
  const remembered = terminalTasks.get(key);
  if (remembered !== undefined) return { task: remembered, source: "cache" };

  const underWay = polls.get(key);
  if (underWay !== undefined) {
    const shared = await valueOrTimeout(underWay, SHARED_LOOKUP_MS);
    if (shared !== "timed out") return shared;
  }
  const own = fromStores(ctx, taskId);
  polls.set(key, own);
  try {
    const found = await own;
    if (found !== null && isTerminal(found.task.status)) terminalTasks.set(key, found.task);
    return found;
  } finally {
    if (polls.get(key) === own) polls.delete(key);
  }
}

async function fromStores(ctx: NamespaceContext, taskId: string): Promise<PolledTask | null> {
  const fields = { task_id: taskId };
  const cached = await bestEffort(ctx, { log: "polled without Redis", fields }, () =>
    fromRedis(ctx, taskId),
  );
  if (cached !== null) return cached;
  const record = await ctx.stores.tasks.find(ctx.namespace._id, taskId);
  if (record === null) return null;
  const task = cachedTaskOf(record);
  ctx.runtime.defer(refill(ctx, taskId, task));
  return { task, source: "history" };
}

/** Restores the hot copy; not while Redis is down, and never over a newer one. */
async function refill(ctx: NamespaceContext, taskId: string, task: CachedTask): Promise<void> {
  try {
    await ctx.stores.taskCache.put([{ namespaceId: ctx.namespace._id, taskId, task }]);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
  }
}

/**
 * The promise's value; "timed out" when it takes too long or fails, since the failure is the other
 * request's.
 */
export async function valueOrTimeout<Value>(
  promise: Promise<Value>,
  ms: number,
): Promise<Value | "timed out"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<"timed out">((resolve) => {
    timer = setTimeout(() => resolve("timed out"), ms);
  });
  try {
    return await Promise.race([promise.catch(() => "timed out" as const), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
