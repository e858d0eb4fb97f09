import { LRUCache } from "lru-cache";
import type { CachedTask } from "../ports/task-cache.ts";
import type { NamespaceRecord } from "../ports/namespace-store.ts";
import type { Principal } from "./principal.ts";

/** How long a key or a namespace is cached, in milliseconds. */
export const IDENTITY_TTL_MS = 60_000;

/** Bounds what one isolate (128 MB) keeps, in entries and in characters of JSON. */
const MAX_HOSTS = 5_000;
const MAX_IDENTITIES = 5_000;
const MAX_TERMINAL_TASKS = 10_000;
const MAX_TERMINAL_CHARACTERS = 16_000_000;

const IDENTITIES = {
  max: MAX_IDENTITIES,
  ttl: IDENTITY_TTL_MS,
  // Above 0 the cache keeps a clock reading until a timer clears it. A worker's timers end with
  // their request, so the timer may never fire, and nothing would ever expire.
  ttlResolution: 0,
} as const;

/** A task as a poll returns it, and the store that it came from. */
export type PolledTask = { readonly task: CachedTask; readonly source: "cache" | "history" };

/**
 * What one isolate caches between requests. It is never authoritative, and nothing depends on it.
 */
export type IsolateMemory = {
  /** By the key as it was sent. A revoked key is refused within a minute. */
  readonly principals: LRUCache<string, Principal>;
  /** By id and by name. */
  readonly namespaces: LRUCache<string, Pick<NamespaceRecord, "_id" | "name">>;
  /** Hosts whose addresses were all public at the last look-up, and when that expires. */
  readonly hosts: LRUCache<string, number>;
  /** Tasks that have ended: they never change again (P2), so no copy is ever stale. */
  readonly terminalTasks: LRUCache<string, CachedTask>;
  /** The polls in progress, so simultaneous polls of one task share one look-up. */
  readonly polls: Map<string, Promise<PolledTask | null>>;
  /** The waiters' looks in progress, shared the same way. */
  readonly looks: Map<string, Promise<CachedTask | null>>;
  /** Endpoints whose circuit was seen open, and until when: a hint to read their record. */
  readonly openCircuits: LRUCache<string, Date>;
};

/** An empty memory; one per isolate. */
export function createIsolateMemory(): IsolateMemory {
  return {
    principals: new LRUCache(IDENTITIES),
    namespaces: new LRUCache(IDENTITIES),
    hosts: new LRUCache({ max: MAX_HOSTS }),
    terminalTasks: new LRUCache({
      max: MAX_TERMINAL_TASKS,
      maxSize: MAX_TERMINAL_CHARACTERS,
      sizeCalculation: (task) => task.json.length,
    }),
    polls: new Map(),
    looks: new Map(),
    openCircuits: new LRUCache({ max: MAX_IDENTITIES }),
  };
}
