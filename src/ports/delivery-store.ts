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

export interface EventStore {
  /** Events that are there already stay as they are: a dispatch may come twice. */
  insertMany(events: readonly EventRecord[]): Promise<void>;
  get(eventId: string): Promise<EventRecord | null>;
  ofTask(namespaceId: string, taskId: string): Promise<readonly EventRecord[]>;
  /** Deletes at most `limit` events older than that; how many. */
  purge(before: Date, limit: number): Promise<number>;
}

/** One attempt at a delivery. */
export type AttemptRecord = {
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
  readonly webhook_id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly task_id: string | null;
  readonly state: DeliveryState;
  readonly attempts: readonly AttemptRecord[];
  /** When the next attempt is due; null when none is. */
  readonly next_attempt_at: Date | null;
  /** When cron publishes the attempt again if it was not recorded; null when none is due. */
  readonly relay_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
};

export type AttemptOutcome = {
  readonly deliveryId: string;
  readonly attempt: AttemptRecord;
  readonly state: DeliveryState;
  readonly nextAttemptAt: Date | null;
  readonly relayAt: Date | null;
  readonly at: Date;
};

export type DeliveryFilter = {
  readonly webhookId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly states?: readonly DeliveryState[] | undefined;
};

export interface DeliveryStore {
  /** Deliveries that are there already stay as they are: a dispatch may come twice. */
  insertMany(deliveries: readonly DeliveryRecord[]): Promise<void>;
  get(deliveryId: string): Promise<DeliveryRecord | null>;
  list(
    namespaceId: string,
    filter: DeliveryFilter,
    page: PageOptions,
  ): Promise<Page<DeliveryRecord>>;
  /**
   * Records an attempt if it is the next one of a PENDING delivery: one conditional write. False
   * when another copy of the message recorded it first; the attempt is then added to the log only
   * and the caller schedules nothing.
   */
  recordAttempt(outcome: AttemptOutcome): Promise<boolean>;
  /** Marks a PENDING delivery DEAD without an attempt (its endpoint is gone or suspended). */
  abandon(deliveryId: string, reason: string, at: Date): Promise<void>;
  dueForRelay(now: Date, limit: number): Promise<readonly DeliveryRecord[]>;
  postponeRelay(deliveryId: string, relayAt: Date): Promise<void>;
  purge(before: Date, limit: number): Promise<number>;
}
