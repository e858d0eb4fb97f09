import type { FanOutCursor, FanOutMove } from "./task-store.ts";
import type { InsertOutcome, Page, PageOptions } from "./resource-store.ts";

/** An event in the namespace's log, as sent to its subscribers. */
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

/**
 * An event that the deployer published: it is in the log from the start, and waits there for its
 * dispatch.
 */
export type PublishedEventRecord = EventRecord & {
  /** The digest of the request, so that another use of its idempotency key is noticed; null without one. */
  readonly request_hash: string | null;
  /** Since when its dispatch is due; null once it was dispatched. */
  readonly outbox_at: Date | null;
  /** Where its fan-out continues; absent or null: none is in progress. */
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
  /** Existing events stay unchanged: a dispatch may run twice. */
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
  /** Marks these as dispatched. May be done twice. */
  clearOutboxes(eventIds: readonly string[]): Promise<void>;
  /** Moves fan-outs of published events on, as that of a task's outbox; how many. One command. */
  moveFanOuts(moves: readonly FanOutMove[]): Promise<number>;
  /** Published events whose dispatch has been due since before `before`, oldest first. */
  dueForDispatch(before: Date, limit: number): Promise<readonly PublishedEventRecord[]>;
  /** Deletes at most `limit` events older than that; how many. */
  purge(before: Date, limit: number): Promise<number>;
}

/** One attempt at a delivery. */
export type AttemptRecord = {
  /** A nonce by which a writer recognises its own attempt after a lost response. */
  readonly write_id: string;
  readonly attempt: number;
  readonly at: Date;
  readonly latency_ms: number;
  /** The HTTP status, or null when there was no response. */
  readonly response_status: number | null;
  /** At most 2 KiB, names in lower case; null when there was no response. */
  readonly response_headers: Readonly<Record<string, string>> | null;
  /** At most 4 KiB. */
  readonly response_body: string | null;
  readonly error: string | null;
};

/**
 * PENDING: an attempt is due, or held; DELIVERED: answered 2xx; DEAD: all attempts failed or the
 * endpoint is gone; SKIPPED: given up by the endpoint's owner. The life of a delivery, not of a task.
 */
export type DeliveryState = "PENDING" | "DELIVERED" | "DEAD" | "SKIPPED";

/**
 * Why a PENDING delivery is not attempted: its endpoint is paused by its owner, or its circuit is
 * open, or an earlier event of the same task isn't settled at an endpoint that wants order.
 */
export type Hold = "paused" | "circuit" | "order";

export type DeliveryRecord = {
  readonly _id: string;
  readonly namespace_id: string;
  /** The target: an endpoint's id, or `subscriber:` and the name of a subscriber in code. */
  readonly webhook_id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly task_id: string | null;
  /** Whether it is a test of the endpoint: its event is an example, which is nowhere stored. */
  readonly is_test: boolean;
  /** The event's, by which the deliveries of one task to one endpoint are in order. */
  readonly sequence: number;
  readonly state: DeliveryState;
  /**
   * Why it was held when last checked; null when it wasn't. A message that still arrives is judged
   * by the state at that moment.
   */
  readonly hold: Hold | null;
  /** Why it is DEAD; null otherwise. */
  readonly error_message: string | null;
  /**
   * How many attempts count; the next is this plus one. `attempts` may hold more: attempts made by
   * a duplicate message are logged, but change nothing.
   */
  readonly attempt_count: number;
  readonly attempts: readonly AttemptRecord[];
  /** How many attempts counted when it was last reopened: from there the schedule is counted. */
  readonly schedule_from: number;
  /** The key of the call that last reopened it or, in a replay, made it; null: none did. */
  readonly resend_key: string | null;
  /** When the next attempt is due, if nothing holds it; null when none is. */
  readonly next_attempt_at: Date | null;
  /**
   * When cron processes it if nothing has happened: it republishes the attempt, checks whether the
   * hold has ended or, once it is settled, wakes the delivery that waited for it. Null when there
   * is nothing to do.
   */
  readonly relay_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** The fields that show whether a delivery is unchanged since it was read. */
export type SeenDelivery = Pick<
  DeliverySummaryRecord,
  "_id" | "attempt_count" | "relay_at" | "next_attempt_at"
>;

/** A delivery's place among those of one task to one endpoint. */
export type OrderedDelivery = Pick<DeliverySummaryRecord, "_id" | "webhook_id" | "sequence"> & {
  readonly task_id: string;
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

/** Reopens deliveries that had ended. */
export type Reopening = {
  /** The call's key: deliveries that already have it stay unchanged, so the call may come twice. */
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
  /** The response to any of the attempts: `503`, `5xx`, or `none` for no answer. */
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
   * DELIVERED or DEAD → PENDING with the next attempt due at once, for those unchanged since they
   * were read. One command of conditional writes: only one of two calls reopens a delivery, and an
   * attempt recorded meanwhile wins.
   */
  reopenMany(
    deliveries: readonly Pick<DeliveryRecord, "_id" | "attempt_count">[],
    reopening: Reopening,
  ): Promise<void>;
  /** Marks a PENDING delivery DEAD without an attempt (its endpoint is gone or suspended). */
  markDead(deliveryId: string, reason: string, at: Date): Promise<void>;
  /** The same for many in one command: those of them that are PENDING. */
  markManyDead(deliveryIds: readonly string[], reason: string, at: Date): Promise<void>;
  /** PENDING or DEAD → SKIPPED, with the time by which cron wakes what waited for it; false otherwise. */
  skip(deliveryId: string, reason: string, relayAt: Date, at: Date): Promise<boolean>;
  /**
   * Marks a PENDING delivery as held and has cron look at it at `relayAt`, if it is unchanged since
   * it was read: any other writer has set its own time, and its attempt is on its way.
   */
  hold(delivery: SeenDelivery, hold: Hold, relayAt: Date): Promise<void>;
  /**
   * Makes held deliveries due, at `now` or at their own time if that is later, and has cron publish
   * them at `relayAfterMs` after that; those changed meanwhile stay as they are. One command.
   */
  release(deliveries: readonly SeenDelivery[], now: Date, relayAfterMs: number): Promise<void>;
  /** Deliveries held for an endpoint for one of those reasons, oldest first. */
  heldFor(
    webhookId: string,
    holds: readonly Hold[],
    limit: number,
  ): Promise<readonly DeliverySummaryRecord[]>;
  /** Whether a delivery to the endpoint succeeded since then, of those made since `madeSince`. */
  hasSucceeded(webhookId: string, since: Date, madeSince: Date): Promise<boolean>;
  /** Which of these there are. */
  existing(deliveryIds: readonly string[]): Promise<readonly string[]>;
  /** Whether an earlier one that has a place in its task's order (from 1) is neither DELIVERED nor SKIPPED. */
  hasUnsettledBefore(delivery: OrderedDelivery): Promise<boolean>;
  /** The first later one that is neither DELIVERED nor SKIPPED; null when there is none. */
  nextUnsettled(delivery: OrderedDelivery): Promise<DeliverySummaryRecord | null>;
  /** Records that cron has nothing more to do for a settled delivery. */
  forgetRelay(deliveryId: string): Promise<void>;
  /** Deliveries whose relay time has come, oldest first: PENDING, or settled with others to wake. */
  dueForRelay(now: Date, limit: number): Promise<readonly DeliverySummaryRecord[]>;
  /**
   * Sets the next relay time of PENDING ones that are unchanged since they were read: an attempt
   * recorded meanwhile has set its own. With `hold: null` also what held them is over. One command.
   */
  postponeRelays<Delivery extends Pick<DeliveryRecord, "_id" | "relay_at">>(
    deliveries: readonly Delivery[],
    changeOf: (delivery: Delivery) => { readonly relay_at: Date; readonly hold?: null },
  ): Promise<void>;
  /** Deletes at most `limit` deliveries that were made before that time and have ended; how many. */
  purge(before: Date, limit: number): Promise<number>;
}
