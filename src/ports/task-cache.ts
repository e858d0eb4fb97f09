import type { TaskStatus } from "../contract/status.ts";

/** The hot copy of a task: its wire JSON as text, ready to be sent, and what a poll must know of it. */
export type CachedTask = {
  readonly version: number;
  readonly status: TaskStatus;
  /** The task on the wire, as JSON text. */
  readonly json: string;
};

/**
 * The hot copies. May be flushed or unreachable at any moment (P4, P6): callers go to the task
 * store then. Methods throw `StoreUnavailableError`.
 */
export interface TaskCache {
  /** One Redis command. */
  get(namespaceId: string, taskId: string): Promise<CachedTask | null>;
  /**
   * One Redis command, atomic: keeps what is there when it has the same or a newer version, so
   * that a slow writer never overwrites a newer copy (P4).
   */
  put(namespaceId: string, taskId: string, task: CachedTask): Promise<void>;
}
