import type { Database } from "../ports/database.ts";
import type { EventRecord, EventStore } from "../ports/delivery-store.ts";
import type { Runtime } from "../ports/runtime.ts";
import type { TaskStore } from "../ports/task-store.ts";

/** What a subscriber gets besides the event. */
export type SubscriberContext = {
  /**
   * The same in every attempt and every duplicate of one event for one subscriber. Use it as an
   * idempotency key for side effects, since a subscriber may be called again after it has
   * succeeded.
   */
  readonly idempotencyId: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborts when the time for an attempt is over; the attempt then counts as failed. */
  readonly signal: AbortSignal;
  readonly runtime: Pick<Runtime, "now" | "random" | "newId" | "log" | "fetch">;
  /** Read access to tasks and events. Only their own functions change tasks. */
  readonly stores: {
    readonly tasks: Pick<TaskStore, "find" | "list">;
    readonly events: Pick<EventStore, "get" | "ofTask">;
  };
  /** What apps build their stores from, as content's `createDocumentStore(database)` does. */
  readonly database: Database;
  /** The worker's environment. */
  readonly env: unknown;
};

/** The deployer's code that receives events, with the same retries and dead letters as webhooks. */
export type Subscriber = {
  /** Names it in deliveries, so it stays the same for its life. */
  readonly name: string;
  /** Event types or patterns such as `task.*`. */
  readonly eventTypes: readonly string[];
  /**
   * Handles one event of any namespace. Returning means success, throwing fails the attempt, and
   * throwing a `NonRetryableError` ends the attempts.
   */
  readonly handle: (event: EventRecord, ctx: SubscriberContext) => Promise<void>;
};

/** Letters, digits and marks that are safe in ids, logs and URLs. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

const PATTERN = /^(\*|[a-z][a-z0-9_]*(\.[a-z0-9_]+)*(\.\*)?)$/;

/** Checks a subscriber's definition. Throws when the worker starts. */
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
