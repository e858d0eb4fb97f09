import type { EventRecord } from "./delivery-store.ts";
import type { CachedTask } from "./task-cache.ts";

/** A task as its writer left it: everything that waiters need, so they read nothing. */
export type TaskNews = CachedTask & { readonly sequence: number };

/** How far a waiter knows the task: by its changes, or by its events alone. */
export type Known = { readonly version: number } | { readonly sequence: number };

/** One waiter's place. */
export interface WatchSeat {
  /**
   * The newest state beyond `known`, at once if it came recently; null when none came within `ms`
   * milliseconds, or when the hub can't be reached. Never rejects: a wake-up may be lost in any
   * case, so the caller must look for itself after each null.
   */
  next(known: Known, ms: number): Promise<TaskNews | null>;
  /** Releases the place. */
  leave(): void;
}

/** How far a reader has read the reported events of a namespace. */
export type EventMark = { readonly hub: string; readonly number: number };

/** The mark of a new reader: events reported in the last 30 seconds come first. */
export const NO_EVENTS: EventMark = { hub: "", number: 0 };

/** The events reported since a mark, and the mark after them. */
export type ToldEvents = { readonly mark: EventMark; readonly events: readonly EventRecord[] };

/** One reader's subscription to a namespace's events. */
export interface EventSeat {
  /**
   * The events reported since `mark`, at once if there are any, or nothing after `ms` milliseconds.
   * Events reported long ago or before a reset are missing, and a reset may repeat some. Never
   * rejects.
   */
  next(mark: EventMark, ms: number): Promise<ToldEvents>;
  leave(): void;
}

/** Passes a task's changes from writers to waiters, without polling. */
export interface Watchers {
  /**
   * Wakes all waiters of the task. Rejects when they can't be reached; they then look for
   * themselves.
   */
  wake(namespaceId: string, taskId: string, news: TaskNews): Promise<void>;
  /** A waiter's place; nothing is sent before it is used. */
  join(namespaceId: string, taskId: string): WatchSeat;
  /** Reports new events to all followers of the namespace. Rejects like `wake`. */
  tell(namespaceId: string, events: readonly EventRecord[]): Promise<void>;
  /** A place among the followers of the namespace's events. */
  joinEvents(namespaceId: string): EventSeat;
}
