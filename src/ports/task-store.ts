import type { TaskStatus } from "../contract/status.ts";
import type { Priority } from "../contract/submission.ts";
import type { Progress } from "../contract/task.ts";
import type { InsertOutcome, Page, PageOptions } from "./resource-store.ts";

/** An event of a task that waits for its dispatch in the task's own document (the outbox). */
export type PendingEvent = {
  readonly event_id: string;
  readonly type: string;
  /** Gap-free per task, from 1. */
  readonly sequence: number;
  readonly timestamp: Date;
  /** The task as it was at the event, on the wire, and what else the event is about. */
  readonly data: Record<string, unknown>;
};

/**
 * Where a fan-out of several steps continues. Stored with the outbox, so a lost message loses no
 * step; absent or null while none is in progress.
 */
export type FanOutCursor = {
  /** The last event that it is about, by sequence; those that came in since wait for its end. */
  readonly through: number;
  /** The endpoint after which the next step continues, in order of id. */
  readonly after: string;
};

/** A step of a fan-out that was taken. */
export type FanOutMove = {
  readonly ownerId: string;
  /** As the step found it; null: none was under way. */
  readonly from: FanOutCursor | null;
  /** Null: it is at its end. */
  readonly to: FanOutCursor | null;
  /** When the relay looks at the outbox, if nobody continues it before. */
  readonly outboxAt: Date;
};

export type HistoryRecord = {
  readonly at: Date;
  readonly kind: "status" | "cancel" | "rejected";
  readonly from: TaskStatus | null;
  readonly to: TaskStatus;
  readonly actor: string;
  readonly attempt: number;
  readonly reason: string | null;
};

export type CancelRecord = {
  readonly requested_at: Date;
  readonly requested_by: string;
  readonly acknowledged_at: Date | null;
  readonly reason: string | null;
};

export type TaskErrorRecord = {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly attempt: number;
  readonly details: Record<string, unknown> | null;
};

/** A task as it is stored: what the wire shows, then what runs it. `docs/storage.md` has the fields. */
export type TaskRecord = {
  readonly _id: string;
  readonly namespace_id: string;
  readonly task_type: string;
  readonly status: TaskStatus;
  readonly inputs: readonly (string | Record<string, unknown>)[] | null;
  readonly outputs: readonly (string | Record<string, unknown>)[] | null;
  readonly additional_data: Record<string, unknown>;
  readonly error_message: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly started_at: Date | null;
  readonly completed_at: Date | null;
  readonly progress: Progress | null;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly cancel: CancelRecord | null;
  readonly last_error: TaskErrorRecord | null;
  readonly tags: readonly string[];
  readonly parent_task_id: string | null;
  readonly retry_of: string | null;
  readonly version: number;
  readonly sequence: number;
  readonly priority: Priority;
  readonly metadata: Record<string, string | number | boolean>;
  /** No attempt begins earlier; null: at once. */
  readonly not_before: Date | null;
  /** When a task that never started expires; null: never. */
  readonly expires_at: Date | null;
  readonly singleton_key: string | null;
  /** Why it can't be killed, or not any more; null while it can. */
  readonly kill_refusal: string | null;

  /** What an expiry makes of it. */
  readonly on_expire: "fail" | "skip";
  /**
   * `key:` and the submission's idempotency key, or the task's own id: unique in the namespace by
   * an index, so that one key makes one task for as long as the task is kept (P5).
   */
  readonly idempotency_slot: string;
  /** The digest of the keyed request, so another use of the key is detected; null without a key. */
  readonly request_hash: string | null;
  /**
   * `key:` and the singleton key while this task holds it, else the task's own id: unique in the
   * namespace by an index, so only one task of a key runs at a time.
   */
  readonly singleton_slot: string;
  /** Set once another task waits for the singleton key that this task holds. */
  readonly is_awaited?: boolean;
  /** How the task's executor is watched; null for a built-in type, whose work is done here. */
  readonly executor: {
    /** Seconds of silence after which the task is UNKNOWN. */
    readonly heartbeat_timeout: number;
    readonly backoff: { readonly base: number; readonly cap: number };
  } | null;
  /** When the executor took this attempt over; null before, and for a built-in type. */
  readonly handed_over_at: Date | null;
  /** When an executor's progress last made an event. */
  readonly progress_event_at: Date | null;
  /** Tasks of one key share `concurrency_limit` slots; null: as many as there are. */
  readonly concurrency_key: string | null;
  readonly concurrency_limit: number;
  /** `key:` with key and number of the slot while an attempt holds it, else the task's own id; unique like the singleton's. */
  readonly concurrency_slot: string;
  /** The resource that the task works for (a batch), mirrored at each change of status. */
  readonly resource_id: string | null;
  /** What the job is called with, as its input schema has it. */
  readonly job_input: Record<string, unknown>;
  /**
   * The job's state at its last checkpoint, where a new attempt continues; null before the first.
   */
  readonly checkpoint: Record<string, unknown> | null;
  /**
   * How many times this attempt has paused for a store's outage, which doesn't count as its
   * failure.
   */
  readonly outages: number;
  /** The fencing token of the runner at work; null when none is. */
  readonly lease_token: string | null;
  /**
   * When the reaper may revoke the lease (or recover a lost continuation); null when nothing runs.
   */
  readonly lease_expires_at: Date | null;
  /** When the relay publishes the job's message again if nobody claimed it; null unless PENDING. */
  readonly relay_at: Date | null;
  readonly pending_events: readonly PendingEvent[];
  /** When the oldest pending event came in, or when a fan-out is given up for lost; null when there is none. */
  readonly outbox_at: Date | null;
  readonly fan_out?: FanOutCursor | null;
  readonly history: readonly HistoryRecord[];
  /** How many changes are not in the history, since it holds as many as it may; absent: none. */
  readonly history_omitted?: number;
  /** How many refused writes have no line of their own in the history, and the last of them; absent: none. */
  readonly repeated_rejections?: { readonly count: number; readonly last: HistoryRecord };
  /**
   * A nonce of the last conditional write, by which a writer recognises its own after a lost
   * response.
   */
  readonly write_id: string;
};

/** How many lines of changes a task's history holds; those of its ends are kept beyond. */
export const MAX_HISTORY_LINES = 1000;

/** The fields of a task that a conditional write may set. */
export type TaskPatch = Partial<
  Omit<TaskRecord, "_id" | "namespace_id" | "pending_events" | "history" | "version" | "write_id">
>;

/**
 * One change of a task, applied only while the task is exactly as the writer read it. Decides every
 * race between runners, kills, the reaper and late messages (P2, P7): of all writers that read one
 * version, exactly one succeeds.
 */
export type TaskChange = {
  readonly expected: Pick<TaskRecord, "_id" | "version" | "status" | "lease_token">;
  readonly patch: TaskPatch;
  readonly events: readonly PendingEvent[];
  readonly history: readonly HistoryRecord[];
};

export type TaskFilter = {
  readonly namespaceIds: readonly string[] | null;
  readonly taskTypes?: readonly string[] | undefined;
  readonly statuses?: readonly TaskStatus[] | undefined;
  readonly createdFrom?: Date | undefined;
  readonly createdBefore?: Date | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly parentTaskIds?: readonly string[] | undefined;
  readonly resourceIds?: readonly string[] | undefined;
  readonly metadata?: Record<string, string | number | boolean> | undefined;
};

/** A heartbeat: what the lease holder writes between steps. */
export type Heartbeat = {
  readonly taskId: string;
  readonly leaseToken: string;
  readonly leaseExpiresAt: Date;
  readonly progress: Progress | null;
  /** Null: before the first step. */
  readonly checkpoint: Record<string, unknown> | null;
  readonly at: Date;
};

/** Events of a task (or of an endpoint) that were dispatched. */
export type Outbox = { readonly ownerId: string; readonly eventIds: readonly string[] };

/** When the relay looks next at a task that it published. */
export type PostponedRelay = {
  readonly taskId: string;
  readonly version: number;
  readonly relayAt: Date;
};

/** The record of every task. All methods throw `StoreUnavailableError` when it can't be reached. */
export interface TaskStore {
  /**
   * Atomic; `duplicate` when a task of that id is there already, which is the same submission, or
   * one that holds the same idempotency or singleton slot: `fields` say which.
   */
  insert(task: TaskRecord): Promise<InsertOutcome>;
  /**
   * The events of a task with a smaller sequence that wait for their dispatch; none of a task that
   * is gone. One read.
   */
  pendingEventsBefore(taskId: string, sequence: number): Promise<readonly PendingEvent[]>;
  /** Within a namespace, for callers; null also for a task of another namespace. */
  find(namespaceId: string, taskId: string): Promise<TaskRecord | null>;
  /** The task that holds an idempotency slot, in the namespace; null when there is none. */
  findByIdempotencySlot(namespaceId: string, slot: string): Promise<TaskRecord | null>;
  /** The task that holds a singleton slot, in the namespace; null when it has been released. */
  findBySingletonSlot(namespaceId: string, slot: string): Promise<TaskRecord | null>;
  /** Marks the task that holds a singleton slot as awaited; false when none does. One write. */
  markSlotAwaited(namespaceId: string, slot: string): Promise<boolean>;
  /**
   * Of the tasks that never started and may, the one that has waited longest for a singleton or
   * concurrency key; null when none does.
   */
  nextInLine(
    namespaceId: string,
    field: "singleton_key" | "concurrency_key",
    key: string,
    now: Date,
  ): Promise<TaskRecord | null>;
  /** In any namespace, for the runner and cron. */
  get(taskId: string): Promise<TaskRecord | null>;
  /** Without history, checkpoint and pending events, which a list does not show. One read. */
  list(filter: TaskFilter, page: PageOptions): Promise<Page<TaskRecord>>;
  /**
   * One conditional single-document write; the task as it is afterwards, or null when it was no
   * longer as expected and nothing was changed. Throws `SlotTakenError` when the patch asks for a
   * singleton slot that another task holds.
   */
  change(change: TaskChange): Promise<TaskRecord | null>;
  /**
   * Renews the lease and stores progress and checkpoint, if the token still holds it; the task as
   * it is afterwards (with a kill that came in meanwhile), or null when the lease is gone.
   */
  heartbeat(heartbeat: Heartbeat): Promise<TaskRecord | null>;
  /**
   * Notes that a write was refused, of a task whose lease is in other hands: the first of its kind by a
   * `rejected` line of the history, one that is repeated by the count alone.
   */
  recordRejection(taskId: string, entry: HistoryRecord): Promise<void>;
  /** Removes dispatched events from outboxes; events that came in meanwhile stay. One command when none did. */
  clearOutboxes(outboxes: readonly Outbox[]): Promise<void>;
  /**
   * Advances fan-outs from where each step found them: of two steps from one place, the first
   * counts. How many were moved. One command.
   */
  moveFanOuts(moves: readonly FanOutMove[]): Promise<number>;
  /** PENDING tasks whose relay time has come, oldest first. */
  dueForRelay(now: Date, limit: number): Promise<readonly TaskRecord[]>;
  /** Sets the next relay time of those tasks that are still PENDING in that version. One command. */
  postponeRelays(postponed: readonly PostponedRelay[]): Promise<void>;
  /** PROCESSING tasks whose lease ran out, oldest first. */
  dueForReaping(now: Date, limit: number): Promise<readonly TaskRecord[]>;
  /** IN_PROGRESS or UNKNOWN tasks whose executor has been silent for too long, oldest first. */
  dueAsSilent(
    status: "IN_PROGRESS" | "UNKNOWN",
    now: Date,
    limit: number,
  ): Promise<readonly TaskRecord[]>;
  /**
   * Tasks with events that have waited in the outbox since before `before`, oldest first; fewer
   * than `limit` also when they are large.
   */
  dueForDispatch(before: Date, limit: number): Promise<readonly TaskRecord[]>;
  /** Deletes at most `limit` terminal tasks completed before that time with an empty outbox; their ids. */
  purge(completedBefore: Date, limit: number): Promise<readonly string[]>;
}
