import type { FanOutCursor } from "./task-store.ts";

/** What the runner's message says: which task, and the head that the publisher saw of it. */
export type JobMessage = {
  readonly task_id: string;
  /** The version that the message was published for; an older one is a duplicate (P7). */
  readonly version: number;
};

/** A job's message and how it is to be delivered. */
export type QueuedJob = { readonly message: JobMessage; readonly options: PublishOptions };

/** Asks for the dispatch of the events that wait in an outbox. */
export type DispatchMessage = {
  readonly source: "task" | "webhook" | "event";
  readonly id: string;
  /** The step of a fan-out to take; absent: all waiting events, from the start. */
  readonly fan_out?: FanOutCursor | undefined;
};

/** A dispatch's message and how it is to be delivered. */
export type QueuedDispatch = {
  readonly message: DispatchMessage;
  readonly options: PublishOptions;
};

/** One webhook delivery's attempt. */
export type DeliveryMessage = {
  readonly delivery_id: string;
  /** From 1. */
  readonly attempt: number;
  /**
   * What the first attempt needs, so that it reads nothing; null in later attempts, and to an
   * endpoint that has to be looked at first.
   */
  readonly snapshot: DeliverySnapshot | null;
};

export type DeliverySnapshot = {
  readonly namespace_id: string;
  readonly webhook_id: string;
  readonly event_id: string;
  readonly url: string;
  /** The custom headers and the signing secrets in force, sealed; never plain in a message. */
  readonly sealed_headers: string | null;
  readonly sealed_secrets: readonly string[];
  /** The body to send, as text: it is signed byte for byte. */
  readonly payload: string;
};

export type PublishOptions = {
  /** Whole seconds until delivery (QStash's resolution). */
  readonly delaySeconds?: number;
  /** The queue drops a repeated publish within ten minutes; never contains a ":". */
  readonly deduplicationId?: string;
  /** A label by which waiting messages can be canceled. */
  readonly label?: string;
  /** Limits how much of one key's work runs at once, and how much of it begins in a period. */
  readonly flowControl?: {
    readonly key: string;
    readonly parallelism: number;
    readonly rate?: { readonly max: number; readonly periodSeconds: number };
  };
};

/**
 * The queue: at least once, in any order, late. Methods throw `StoreUnavailableError` when it can't
 * be reached; no accepted work may depend on a publish (P6).
 */
export interface Queue {
  publishJob(message: JobMessage, options: PublishOptions): Promise<void>;
  /** One request for all of them; each is a message of its own. */
  publishJobs(messages: readonly QueuedJob[]): Promise<void>;
  /**
   * Cancels the waiting messages with that label. A message that is being delivered still arrives.
   */
  cancelJobs(label: string): Promise<void>;
  /**
   * Creates or replaces a schedule, which calls `/internal/schedules/fire` from now on. Throws
   * `QueueRefusedError` for one that the queue refuses.
   */
  putSchedule(schedule: { readonly scheduleId: string; readonly cron: string }): Promise<void>;
  /** Deletes a schedule; it may be gone already. */
  deleteSchedule(scheduleId: string): Promise<void>;
  publishDispatch(message: DispatchMessage, options: PublishOptions): Promise<void>;
  /** One request for all of them; each is a message of its own. */
  publishDispatches(messages: readonly QueuedDispatch[]): Promise<void>;
  /** One request for all of them; each is a message of its own. */
  publishDeliveries(
    messages: readonly { readonly message: DeliveryMessage; readonly options: PublishOptions }[],
  ): Promise<void>;
}

/** Where QStash delivers each kind of message, under the deployment's public URL. */
export const INTERNAL_PATHS = {
  job: "/internal/jobs/run",
  dispatch: "/internal/events/dispatch",
  delivery: "/internal/webhooks/deliver",
  schedule: "/internal/schedules/fire",
} as const;
