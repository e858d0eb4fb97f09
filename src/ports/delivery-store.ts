import type { Page, PageOptions } from "./resource-store.ts";

/** An event in the namespace's log, as it was sent to whoever subscribed. */
export type EventRecord = {
  readonly _id: string;
  readonly namespace_id: string;
  readonly type: string;
  readonly task_id: string | null;
  readonly sequence: number;
  readonly timestamp: Date;
  readonly data: Record<string, unknown>;
  readonly created_at: Date;
};

/** How many events are read at once. */
export const EVENTS_AT_ONCE = 1000;

/** The namespace's log of events. Methods throw `StoreUnavailableError`. */
export interface EventStore {
  /** Events that are there already stay as they are: a dispatch may come twice. */
  insertMany(events: readonly EventRecord[]): Promise<void>;
  get(eventId: string): Promise<EventRecord | null>;
  /** Those after the sequence `after` (0 when absent), in order; at most {@link EVENTS_AT_ONCE}. */
  ofTask(namespaceId: string, taskId: string, after?: number): Promise<readonly EventRecord[]>;
  /**
   * The namespace's events from `from.at` on, by the time at which they were logged; with an id
   * those after that one. At most {@link EVENTS_AT_ONCE}.
   */
  loggedFrom(
    namespaceId: string,
    from: { readonly at: Date; readonly id: string | null },
  ): Promise<readonly EventRecord[]>;
  /** Deletes at most `limit` events older than that; how many. */
  purge(before: Date, limit: number): Promise<number>;
}

/** One attempt at a delivery. */
export type AttemptRecord = {
  /** A nonce, by which a writer whose answer was lost knows its own attempt. */
  readonly write_id: string;
  readonly attempt: number;
  readonly at: Date;
  readonly latency_ms: number;
  /** The HTTP status, or null when there was no answer. */
  readonly response_status: number | null;
  /** At most 4 KiB. */
  readonly response_body: string | null;
  readonly error: string | null;
};

/**
 * PENDING: an attempt is due; DELIVERED: answered 2xx; DEAD: all attempts failed or the endpoint
 * is gone; these three are the life of a delivery, not of a task.
 */
export type DeliveryState = "PENDING" | "DELIVERED" | "DEAD";

export type DeliveryRecord = {
  readonly _id: string;
  readonly namespace_id: string;
  /** The target: an endpoint's id, or `subscriber:` and the name of a subscriber in code. */
  readonly webhook_id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly task_id: string | null;
  readonly state: DeliveryState;
  /** Why it is DEAD; null otherwise. */
  readonly error_message: string | null;
  /**
   * How many attempts count; the next is this and one. `attempts` may hold more: those that a
   * duplicate message made are in the log, but change nothing.
   */
  readonly attempt_count: number;
  readonly attempts: readonly AttemptRecord[];
  /** When the next attempt is due; null when none is. */
  readonly next_attempt_at: Date | null;
  /** When cron publishes the attempt again if it was not recorded; null when none is due. */
  readonly relay_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** A delivery as lists have it: without the log of its attempts. */
export type DeliverySummaryRecord = Omit<DeliveryRecord, "attempts">;

export type AttemptOutcome = {
  readonly deliveryId: string;
  readonly attempt: AttemptRecord;
  readonly state: DeliveryState;
  /** Set exactly when `state` is DEAD. */
  readonly errorMessage: string | null;
  readonly nextAttemptAt: Date | null;
  readonly relayAt: Date | null;
  readonly at: Date;
};

export type DeliveryFilter = {
  readonly webhookId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly states?: readonly DeliveryState[] | undefined;
  readonly createdFrom?: Date | undefined;
  readonly createdBefore?: Date | undefined;
};

/** The deliveries, dead ones too. Methods throw `StoreUnavailableError`. */
export interface DeliveryStore {
  /** Deliveries that are there already stay as they are: a dispatch may come twice. */
  insertMany(deliveries: readonly DeliveryRecord[]): Promise<void>;
  get(deliveryId: string): Promise<DeliveryRecord | null>;
  list(
    namespaceId: string,
    filter: DeliveryFilter,
    page: PageOptions,
  ): Promise<Page<DeliverySummaryRecord>>;
  /**
   * Records an attempt if it is the next one of a PENDING delivery: one conditional write. False
   * when another copy of the message recorded it first; the attempt is then added to the log only
   * (as long as that is short) and the caller schedules nothing.
   */
  recordAttempt(outcome: AttemptOutcome): Promise<boolean>;
  /** Marks a PENDING delivery DEAD without an attempt (its endpoint is gone or suspended). */
  abandon(deliveryId: string, reason: string, at: Date): Promise<void>;
  /** PENDING deliveries whose relay time has come, oldest first. */
  dueForRelay(now: Date, limit: number): Promise<readonly DeliverySummaryRecord[]>;
  /**
   * Sets the next relay time of those that nobody has touched since they were read: an attempt
   * recorded meanwhile has set its own. One command.
   */
  postponeRelays(
    deliveries: readonly Pick<DeliveryRecord, "_id" | "relay_at">[],
    relayAt: Date,
  ): Promise<void>;
  /** Deletes at most `limit` deliveries that were made before that time and have ended; how many. */
  purge(before: Date, limit: number): Promise<number>;
}
