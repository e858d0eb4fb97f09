import type { EventRecord } from "../../../ports/delivery-store.ts";
import type { Runtime } from "../../../ports/runtime.ts";
import type { Stores } from "../../context.ts";

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
  /** What it may read, and the documents, which it may write too. Tasks are changed by their own functions only. */
  readonly stores: Pick<Stores, "documents"> & {
    readonly tasks: Pick<Stores["tasks"], "find" | "list">;
    readonly objects: Pick<Stores["objects"], "find" | "list">;
    readonly collections: Pick<Stores["collections"], "find" | "list">;
    readonly events: Pick<Stores["events"], "get" | "ofTask">;
  };
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

/** How the target of a subscriber's delivery begins, where an endpoint's id stands in others. */
const TARGET_PREFIX = "subscriber:";

/** What stands for a subscriber in place of an endpoint's id. */
export function subscriberTarget(name: string): string {
  return TARGET_PREFIX + name;
}

/** The subscriber that a delivery's target names; null when it is an endpoint. */
export function subscriberOf(target: string): string | null {
  return target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : null;
}
