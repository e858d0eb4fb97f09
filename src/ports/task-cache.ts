import type { TaskStatus } from "../contract/status.ts";

/**
 * The hot copy of a task: its wire JSON as text, ready to send, and what a poll must know about it.
 */
export type CachedTask = {
  readonly version: number;
  readonly status: TaskStatus;
  /** The task on the wire, as JSON text. */
  readonly json: string;
};

/** How long a watch lasts without renewal, in milliseconds. */
export const WATCH_MS = 30_000;

/** Whether somebody watches the task, to whom this version may be news, and its namespace's events. */
export type PutOutcome = { readonly isWatched: boolean; readonly isNamespaceWatched: boolean };

/** A copy, and of which task it is. */
export type NewCopy = {
  readonly namespaceId: string;
  readonly taskId: string;
  readonly task: CachedTask;
};

/**
 * The hot copies. May be flushed or unreachable at any moment (P4, P6); callers then read the task
 * store. Methods throw `StoreUnavailableError`.
 */
export interface TaskCache {
  /** One Redis command. */
  get(namespaceId: string, taskId: string): Promise<CachedTask | null>;
  /**
   * Returns the copy and, for {@link WATCH_MS}, tells writers of a newer one that the task is
   * watched. One atomic Redis command: a change is either in the copy, or its writer sees the
   * watch.
   */
  watch(namespaceId: string, taskId: string): Promise<CachedTask | null>;
  /** The same for all events of a namespace. One Redis command. */
  watchNamespace(namespaceId: string): Promise<void>;
  /** Whether somebody does. One Redis command. */
  isNamespaceWatched(namespaceId: string): Promise<boolean>;
  /**
   * One Redis command for each copy, atomic: keeps what is there when it has the same or a newer
   * version, so that a slow writer never overwrites a newer copy (P4). The copy of an unfinished
   * task expires soon unless it is written again. An outcome for each, in order.
   */
  put(copies: readonly NewCopy[]): Promise<readonly PutOutcome[]>;
}
