import type { Database } from "../ports/database.ts";
import type { EventRecord, EventStore } from "../ports/delivery-store.ts";
import type { Runtime } from "../ports/runtime.ts";
import type { TaskStore } from "../ports/task-store.ts";

/** What a subscriber gets beside the event. */
export type SubscriberContext = {
  /**
   * The same at every attempt and in every duplicate of one event for one subscriber: what it does
   * elsewhere it should do under this key, since it may be called again after it has succeeded.
   */
  readonly idempotencyId: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborts when the time for an attempt is over; what goes on after that counts as failed. */
  readonly signal: AbortSignal;
  readonly runtime: Pick<Runtime, "now" | "random" | "newId" | "log" | "fetch">;
  /** What it may read of tasks and events. Tasks are changed by their own functions only. */
  readonly stores: {
    readonly tasks: Pick<TaskStore, "find" | "list">;
    readonly events: Pick<EventStore, "get" | "ofTask">;
  };
  /** What apps make their stores of, as `createDocumentStore(database)` of content does. */
  readonly database: Database;
  /** The worker's environment. */
  readonly env: unknown;
};

/** Code of the deployer's that hears of events, with the treatment that webhooks have. */
export type Subscriber = {
  /** Names it in deliveries, so it stays the same for its life. */
  readonly name: string;
  /** Event types or patterns such as `task.*`. */
  readonly eventTypes: readonly string[];
  /**
   * Handles one event of any namespace. To throw is a failed attempt, to throw a
   * `NonRetryableError` ends the attempts; to return is success.
   */
  readonly handle: (event: EventRecord, ctx: SubscriberContext) => Promise<void>;
};

/** Letters, digits and marks that are safe in ids, logs and URLs. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

const PATTERN = /^(\*|[a-z][a-z0-9_]*(\.[a-z0-9_]+)*(\.\*)?)$/;

/** Checks a subscriber's definition. Throws at the start of the worker, and so at its build's first run. */
export function defineSubscriber(subscriber: Subscriber): Subscriber {
  const { name, eventTypes } = subscriber;
  if (!NAME.test(name)) {
    throw new Error(`subscriber "${name}": expected a name of a-z, 0-9, ".", "_" and "-"`);
  }
  if (eventTypes.length === 0) throw new Error(`subscriber "${name}": expected event types`);
  for (const pattern of eventTypes) {
    if (PATTERN.test(pattern)) continue;
    throw new Error(`subscriber "${name}": "${pattern}" is no event type, and no pattern of them`);
  }
  return subscriber;
}

/** The table of subscribers by name. Throws when two have one name. */
export function toCatalog(subscribers: readonly Subscriber[]): ReadonlyMap<string, Subscriber> {
  const byName = new Map(subscribers.map((subscriber) => [subscriber.name, subscriber]));
  if (byName.size < subscribers.length) throw new Error("two subscribers have the same name");
  return byName;
}
