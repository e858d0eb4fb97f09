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
  readonly webhook_id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly task_id: string | null;
  /** The event's, by which the deliveries of one task to one endpoint are in order. */
  readonly sequence: number;
  readonly state: DeliveryState;
  /**
   * What kept it from being attempted when somebody last looked; null when nothing did. A message
   * that comes nevertheless is judged by what is so at that moment.
   */
  readonly hold: Hold | null;
  /** Why it is DEAD; null otherwise. */
  readonly error_message: string | null;
  /**
   * How many attempts count; the next is this and one. `attempts` may hold more: those that a
   * duplicate message made are in the log, but change nothing.
   */
  readonly attempt_count: number;
  readonly attempts: readonly AttemptRecord[];
  /** When the next attempt is due, if nothing holds it; null when none is. */
  readonly next_attempt_at: Date | null;
  /**
   * When cron comes back to it if nothing has happened: publishes the attempt again, looks whether
   * what held it has gone, or, once it is settled, wakes the delivery that waited for it. Null when
   * there is nothing to come back to.
   */
  readonly relay_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** What of a delivery decides whether it is still as it was read. */
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
  /** The same for many in one command: those of them that are PENDING. */
  abandonMany(deliveryIds: readonly string[], reason: string, at: Date): Promise<void>;
  /** PENDING or DEAD → SKIPPED, with the time by which cron wakes what waited for it; false otherwise. */
  skip(deliveryId: string, reason: string, relayAt: Date, at: Date): Promise<boolean>;
  /**
   * Marks a PENDING delivery as held and has cron look at it at `relayAt`, if nobody has touched
   * it since it was read: who did has set its own time, and its attempt is on its way.
   */
  hold(delivery: SeenDelivery, hold: Hold, relayAt: Date): Promise<void>;
  /**
   * Makes held deliveries due, at `now` or at their own time if that is later, and has cron publish
   * them at `relayAfterMs` after that; those that somebody has touched stay as they are. One command.
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
  /** Whether an earlier one is neither DELIVERED nor SKIPPED. */
  hasUnsettledBefore(delivery: OrderedDelivery): Promise<boolean>;
  /** The first later one that is neither DELIVERED nor SKIPPED; null when there is none. */
  nextUnsettled(delivery: OrderedDelivery): Promise<DeliverySummaryRecord | null>;
  /** Notes that cron need not come back to a delivery that is settled. */
  forgetRelay(deliveryId: string): Promise<void>;
  /** Deliveries whose relay time has come, oldest first: PENDING, or settled with others to wake. */
  dueForRelay(now: Date, limit: number): Promise<readonly DeliverySummaryRecord[]>;
  /**
   * Sets the next relay time of PENDING ones that nobody has touched since they were read: an
   * attempt recorded meanwhile has set its own. With `hold: null` also what held them is over. One
   * command.
   */
  postponeRelays<Delivery extends Pick<DeliveryRecord, "_id" | "relay_at">>(
    deliveries: readonly Delivery[],
    changeOf: (delivery: Delivery) => { readonly relay_at: Date; readonly hold?: null },
  ): Promise<void>;
  /** Deletes at most `limit` deliveries that were made before that time and have ended; how many. */
  purge(before: Date, limit: number): Promise<number>;
}
