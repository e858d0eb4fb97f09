import type { EventRecord } from "./delivery-store.ts";
import type { CachedTask } from "./task-cache.ts";

/** A task as its writer left it: all that those who wait for it need, so that they read nothing. */
export type TaskNews = CachedTask & { readonly sequence: number };

/** How far a waiter knows the task: by its changes, or by its events alone. */
export type Known = { readonly version: number } | { readonly sequence: number };

/** One waiter's place. */
export interface WatchSeat {
  /**
   * The newest state beyond `known`, at once when it came lately; null when none came within `ms`
   * milliseconds, also when nobody can tell. Never rejects: a wake-up may be lost in any case, so
   * that the caller has to look for itself after each null.
   */
  next(known: Known, ms: number): Promise<TaskNews | null>;
  /** Gives the place up. */
  leave(): void;
}

/** How far a reader has what was told of a namespace. */
export type EventMark = { readonly hub: string; readonly number: number };

/** The mark of a reader who has nothing yet: what was told in the last 30 seconds comes first. */
export const NO_EVENTS: EventMark = { hub: "", number: 0 };

/** What was told since a mark, and the mark after it. */
export type ToldEvents = { readonly mark: EventMark; readonly events: readonly EventRecord[] };

/** One reader's place among those who follow a namespace's events. */
export interface EventSeat {
  /**
   * What was told since `mark`, at once when there is any, or nothing after `ms` milliseconds. What
   * was told long ago or before a reset is missing, and a reset may bring some again. Never rejects.
   */
  next(mark: EventMark, ms: number): Promise<ToldEvents>;
  leave(): void;
}

/** Brings a task's changes from who writes them to who waits for them, without any polling. */
export interface Watchers {
  /** Wakes all who wait for the task. Rejects when they can't be reached; they look for themselves then. */
  wake(namespaceId: string, taskId: string, news: TaskNews): Promise<void>;
  /** A place among those who wait; nothing is sent before it is used. */
  join(namespaceId: string, taskId: string): WatchSeat;
  /** Tells all who follow the namespace's events of new ones. Rejects like `wake`. */
  tell(namespaceId: string, events: readonly EventRecord[]): Promise<void>;
  /** A place among those who follow the namespace's events. */
  joinEvents(namespaceId: string): EventSeat;
}
