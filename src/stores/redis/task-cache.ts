import { Redis } from "@upstash/redis/cloudflare";
import { isTerminal, type TaskStatus, TaskStatusEnum } from "../../contract/status.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";
import {
  type CachedTask,
  type PutOutcome,
  type TaskCache,
  WATCH_MS,
} from "../../ports/task-cache.ts";

/** How long the hot copy of a task that has ended lives: 24 hours. */
const TIME_TO_LIVE_SECONDS = 86_400;

/**
 * How long the copy of an unfinished task lives after it was written; a running task writes about
 * once a second. This bounds how long a copy made stale by an outage of Redis is used; a poll of a
 * task that waits longer costs one MongoDB read and writes a new copy.
 */
const ALIVE_TIME_TO_LIVE_SECONDS = 300;

/** A poll falls back to MongoDB after this; a slow Redis must not hold it longer. */
const TIMEOUT_MS = 1500;

/**
 * Each status by its text: a look-up, because the schema's check is noticeable in a poll's CPU
 * time.
 */
const STATUSES: ReadonlyMap<string, TaskStatus> = new Map(
  TaskStatusEnum.options.map((status) => [status, status]),
);

/**
 * Sets the copy unless the same or a newer version is there (P4). Redis runs a script atomically,
 * so the older of two writers loses in whatever order they arrive. The version comes before the
 * first "|" of a value, so the script parses no JSON. Returns whether the task is watched: also for
 * the same version, which a poll may have restored before its writer came, but not for an older
 * one, whose successor wakes the waiters. Always returns whether the namespace is watched, since
 * successors don't report a version's events.
 */
const PUT_UNLESS_NEWER = `
local present = redis.call('GET', KEYS[1])
if present then
  local version = tonumber(string.match(present, '^(%d+)|'))
  if version and version > tonumber(ARGV[1]) then return {0, redis.call('EXISTS', KEYS[3])} end
  if version == tonumber(ARGV[1]) then
    return {redis.call('EXISTS', KEYS[2]), redis.call('EXISTS', KEYS[3])}
  end
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return {redis.call('EXISTS', KEYS[2]), redis.call('EXISTS', KEYS[3])}`;

/** Sets the watch and reads the copy atomically, so no change is missed in between. */
const WATCH = `
redis.call('SET', KEYS[2], '1', 'PX', ARGV[1])
return redis.call('GET', KEYS[1])`;

/**
 * Hot copies in Upstash Redis: `waybill:task:{namespace}:{task}` → `version|status|json`, and
 * `waybill:watch:{namespace}:{task}` → `1` while somebody waits for the task, without `:{task}`
 * while somebody streams the namespace's events. The namespace is part of the key, so a task of
 * another namespace is a plain miss.
 *
 * One client serves a whole isolate: each command is a `fetch` of the request that issues it.
 */
export function createTaskCache(options: {
  readonly url: string;
  readonly token: string;
}): TaskCache {
  const redis = new Redis({
    url: options.url,
    token: options.token,
    // Values must come back as the text they are: JSON, which needs no base64 on the way.
    automaticDeserialization: false,
    responseEncoding: false,
    enableTelemetry: false,
    // A batch would span requests, whose promises must not wait for each other
    // (https://upstash.com/docs/redis/sdks/ts/pipelining/auto-pipeline).
    enableAutoPipelining: false,
    retry: { retries: 1, backoff: () => 50 },
    signal: () => AbortSignal.timeout(TIMEOUT_MS),
  });

  return {
    get: async (namespaceId, taskId) => {
      const value = await reach(() => redis.get<string>(keyOf(namespaceId, taskId)));
      return value === null ? null : parseValue(value);
    },
    watch: async (namespaceId, taskId) => {
      const value = await reach(() =>
        redis.eval<unknown[], string | null>(WATCH, keysOf(namespaceId, taskId), [WATCH_MS]),
      );
      return value === null ? null : parseValue(value);
    },
    watchNamespace: async (namespaceId) => {
      await reach(() => redis.set(watchOf(namespaceId), "1", { px: WATCH_MS }));
    },
    isNamespaceWatched: async (namespaceId) =>
      (await reach(() => redis.exists(watchOf(namespaceId)))) > 0,
    put: async (copies) => {
      const [only] = copies;
      if (only === undefined) return [];
      if (copies.length === 1) {
        const keys = keysOf(only.namespaceId, only.taskId);
        const watched = await reach(() =>
          redis.eval<unknown[], Watched>(PUT_UNLESS_NEWER, keys, argumentsOf(only.task)),
        );
        return [outcomeOf(watched)];
      }
      const all = await reach(() => {
        const pipeline = redis.pipeline();
        for (const { namespaceId, taskId, task } of copies) {
          pipeline.eval(PUT_UNLESS_NEWER, keysOf(namespaceId, taskId), argumentsOf(task));
        }
        return pipeline.exec<Watched[]>();
      });
      return all.map((watched) => outcomeOf(watched));
    },
  };
}

/** What the script answers: whether the task is watched, and its namespace. */
type Watched = readonly [task: number, namespace: number];

function outcomeOf([ofTask, ofNamespace]: Watched): PutOutcome {
  return { isWatched: ofTask === 1, isNamespaceWatched: ofNamespace === 1 };
}

/** The script's arguments: version, value, time to live. */
function argumentsOf({ version, status, json }: CachedTask): [number, string, number] {
  const timeToLive = isTerminal(status) ? TIME_TO_LIVE_SECONDS : ALIVE_TIME_TO_LIVE_SECONDS;
  return [version, `${version}|${status}|${json}`, timeToLive];
}

/** The parts of a stored value; null, a miss, for one that this code didn't write. */
function parseValue(value: string): CachedTask | null {
  const first = value.indexOf("|");
  const second = value.indexOf("|", first + 1);
  const version = Number(value.slice(0, first));
  const status = STATUSES.get(value.slice(first + 1, second));
  if (first < 1 || second < 0 || !Number.isInteger(version) || status === undefined) return null;
  return { version, status, json: value.slice(second + 1) };
}

function keyOf(namespaceId: string, taskId: string): string {
  return `waybill:task:${namespaceId}:${taskId}`;
}

/** The copy, and the marks that it and its namespace are watched. */
function keysOf(namespaceId: string, taskId: string): string[] {
  return [
    keyOf(namespaceId, taskId),
    `waybill:watch:${namespaceId}:${taskId}`,
    watchOf(namespaceId),
  ];
}

function watchOf(namespaceId: string): string {
  return `waybill:watch:${namespaceId}`;
}

/**
 * The client's errors carry the whole command including the payload, so only their class is kept.
 */
async function reach<Answer>(command: () => Promise<Answer>): Promise<Answer> {
  try {
    return await command();
  } catch (error) {
    throw new StoreUnavailableError("redis", error instanceof Error ? error.name : "unknown");
  }
}
