import type { FanOutCursor, FanOutMove } from "./task-store.ts";
import type { InsertOutcome, Page, PageOptions } from "./resource-store.ts";

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

/** An event that the deployer published: it is in the log from the first, and waits there for its dispatch. */
export type PublishedEventRecord = EventRecord & {
  /** Of what was asked for, so that another use of its idempotency key is noticed. */
  readonly request_hash: string;
  /** Since when its dispatch is due; null once it was dispatched. */
  readonly outbox_at: Date | null;
  /** Where its fan-out goes on; absent or null: none is under way. */
  readonly fan_out?: FanOutCursor | null;
};

/** How many events are read at once. */
export const EVENTS_AT_ONCE = 1000;

/** When events were logged: from (inclusive) and before (exclusive). */
export type EventFilter = {
  readonly createdFrom?: Date | undefined;
  readonly createdBefore?: Date | undefined;
};

/** The namespace's log of events. Methods throw `StoreUnavailableError`. */
export interface EventStore {
  /** Events that are there already stay as they are: a dispatch may come twice. */
  insertMany(events: readonly EventRecord[]): Promise<void>;
  get(eventId: string): Promise<EventRecord | null>;
  /** One page of a namespace's log in order of time and id; large events make it shorter. One read. */
  list(namespaceId: string, filter: EventFilter, page: PageOptions): Promise<Page<EventRecord>>;
  /** Those of them that are there, in no certain order; `isCut`: not all, since they are large. One read. */
  getMany(
    eventIds: readonly string[],
  ): Promise<{ readonly events: readonly EventRecord[]; readonly isCut: boolean }>;
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
  /** One write of the event and of its dispatch being due; `duplicate` when its id is there. */
  publish(event: PublishedEventRecord): Promise<InsertOutcome>;
  /** Null also for an event of a task, which nobody published. */
  getPublished(eventId: string): Promise<PublishedEventRecord | null>;
  /** Notes that these were dispatched. May be done twice. */
  settle(eventIds: readonly string[]): Promise<void>;
  /** Moves fan-outs of published events on, as that of a task's outbox; how many. One command. */
  moveFanOuts(moves: readonly FanOutMove[]): Promise<number>;
  /** Published events whose dispatch has been due since before `before`, oldest first. */
  dueForDispatch(before: Date, limit: number): Promise<readonly PublishedEventRecord[]>;
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
  /** At most 2 KiB, names in lower case; null when there was no answer. */
  readonly response_headers: Readonly<Record<string, string>> | null;
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
  readonly webhook_id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly task_id: string | null;
  /** Whether it is a test of the endpoint: its event is an example, which is nowhere stored. */
  readonly is_test: boolean;
  readonly state: DeliveryState;
  /** Why it is DEAD; null otherwise. */
  readonly error_message: string | null;
  /**
   * How many attempts count; the next is this and one. `attempts` may hold more: those that a
   * duplicate message made are in the log, but change nothing.
   */
  readonly attempt_count: number;
  readonly attempts: readonly AttemptRecord[];
  /** How many attempts counted when it was last reopened: from there the schedule is counted. */
  readonly schedule_from: number;
  /** The key of the call that last reopened it or, in a replay, made it; null: none did. */
  readonly resend_key: string | null;
  /** When the next attempt is due; null when none is. */
  readonly next_attempt_at: Date | null;
  /** When cron publishes the attempt again if it was not recorded; null when none is due. */
  readonly relay_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** A delivery as lists have it: without the log of its attempts. */
export type DeliverySummaryRecord = Omit<DeliveryRecord, "attempts">;

/** The same, with the log if it was asked for. */
export type DeliveryRowRecord = DeliverySummaryRecord & {
  readonly attempts?: readonly AttemptRecord[];
};

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

/** Sends deliveries on their way again that had ended. */
export type Reopening = {
  /** Of the call: what bears it already stays as it is, so that the call may come twice. */
  readonly key: string;
  readonly relayAt: Date;
  readonly at: Date;
};

export type DeliveryFilter = {
  readonly webhookIds?: readonly string[] | undefined;
  readonly eventIds?: readonly string[] | undefined;
  /** Types, or patterns such as `task.*`. */
  readonly eventTypes?: readonly string[] | undefined;
  readonly taskIds?: readonly string[] | undefined;
  readonly states?: readonly DeliveryState[] | undefined;
  /** False: no tests. */
  readonly withTests?: false | undefined;
  /** What any of the attempts was answered: `503`, `5xx`, or `none` for no answer. */
  readonly responseCodes?: readonly string[] | undefined;
  readonly createdFrom?: Date | undefined;
  readonly createdBefore?: Date | undefined;
};

/** The deliveries, dead ones too. Methods throw `StoreUnavailableError`. */
export interface DeliveryStore {
  /** Deliveries that are there already stay as they are: a dispatch may come twice. */
  insertMany(deliveries: readonly DeliveryRecord[]): Promise<void>;
  get(deliveryId: string): Promise<DeliveryRecord | null>;
  /** Those of them that there are, without their logs, in no certain order. One read. */
  getMany(deliveryIds: readonly string[]): Promise<readonly DeliverySummaryRecord[]>;
  /** One read. With `withLog` the rows are large, and a page may be shorter than asked for. */
  list(
    namespaceId: string,
    filter: DeliveryFilter,
    page: PageOptions,
    withLog?: boolean,
  ): Promise<Page<DeliveryRowRecord>>;
  /**
   * Records an attempt if it is the next one of a PENDING delivery: one conditional write. False
   * when another copy of the message recorded it first; the attempt is then added to the log only
   * (as long as that is short) and the caller schedules nothing.
   */
  recordAttempt(outcome: AttemptOutcome): Promise<boolean>;
  /**
   * DELIVERED or DEAD → PENDING with the next attempt due at once, for those to which nothing has
   * happened since they were read. One command of conditional writes: of two calls one reopens a
   * delivery, and an attempt that is recorded meanwhile wins.
   */
  reopenMany(
    deliveries: readonly Pick<DeliveryRecord, "_id" | "attempt_count">[],
    reopening: Reopening,
  ): Promise<void>;
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
