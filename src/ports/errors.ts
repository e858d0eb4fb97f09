export type StoreName = "mongodb" | "redis" | "qstash";

/**
 * A service that Waybill depends on can't be reached or failed temporarily; a later try may work.
 */
export class StoreUnavailableError extends Error {
  readonly store: StoreName;

  constructor(store: StoreName, cause: unknown) {
    super(`${store} is not available`, { cause });
    this.name = "StoreUnavailableError";
    this.store = store;
  }
}

/** The queue refuses this permanently: the request is at fault, not the service. */
export class QueueRefusedError extends Error {
  constructor(cause: unknown) {
    super(`the queue refuses it: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = "QueueRefusedError";
  }
}

/** A unique slot that another document holds; the caller decides what that means. */
export class SlotTakenError extends Error {
  constructor(cause: unknown) {
    super("the slot is taken", { cause });
    this.name = "SlotTakenError";
  }
}

/** Thrown by a job's step or a subscriber when another attempt would fail the same way. */
export class NonRetryableError extends Error {
  /** In snake_case, for programs. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "NonRetryableError";
    this.code = code;
  }
}
