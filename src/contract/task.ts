import { z } from "zod";
import { BulkOptions, InsteadOfFilters, withSomeFilter } from "./bulk.ts";
import { Metadata, oneOrMany, PageRequest, Pagination, Timestamp, TimeRange } from "./common.ts";
import { DeliverySummary } from "./delivery.ts";
import { EventId, NamespaceId, TaskId } from "./ids.ts";
import { TaskStatusEnum } from "./status.ts";
import { Priority } from "./submission.ts";

/** A job's progress; `total` is null while it is unknown. */
export const Progress = z.object({
  completed: z.int().min(0),
  total: z.int().min(0).nullable(),
  unit: z.string(),
  message: z.string().nullable(),
});

export type Progress = z.infer<typeof Progress>;

/**
 * A request to stop: first requested, then acknowledged by the runner, then confirmed by CANCELED.
 */
export const Cancel = z.object({
  requested_at: Timestamp,
  requested_by: z.string(),
  acknowledged_at: Timestamp.nullable(),
  reason: z.string().nullable(),
});

/** The last failure, also while the task waits for its next attempt. */
export const TaskError = z.object({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  attempt: z.int(),
  details: z.record(z.string(), z.unknown()).nullable(),
});

/** `inputs` and `outputs`: ids and objects. */
export const TaskValues = z.array(z.union([z.string(), z.record(z.string(), z.unknown())]));

/** The task as every caller sees it: first what a poller needs, then the details. */
export const Task = z.object({
  task_id: TaskId,
  task_type: z.string(),
  status: TaskStatusEnum,
  inputs: TaskValues.nullable(),
  outputs: TaskValues.nullable(),
  additional_data: z.record(z.string(), z.unknown()),
  error_message: z.string().nullable(),

  namespace_id: NamespaceId,
  created_at: Timestamp,
  updated_at: Timestamp,
  started_at: Timestamp.nullable(),
  completed_at: Timestamp.nullable(),
  progress: Progress.nullable(),
  attempt: z.int(),
  max_attempts: z.int(),
  cancel: Cancel.nullable(),
  last_error: TaskError.nullable(),
  tags: z.array(z.string()),
  parent_task_id: TaskId.nullable(),
  retry_of: TaskId.nullable(),
  version: z.int(),
  sequence: z.int(),
  priority: Priority,
  metadata: Metadata,
  not_before: Timestamp.nullable(),
  expires_at: Timestamp.nullable(),
  singleton_key: z.string().nullable(),
  /** Whether a kill would be accepted while it runs. */
  killable: z.boolean(),
});

export type Task = z.infer<typeof Task>;

/** The filters of task lists and of bulk calls on tasks. */
const TaskFilters = {
  task_type: oneOrMany(z.string()).optional(),
  status: oneOrMany(TaskStatusEnum).optional(),
  created_at: TimeRange.optional(),
  tags: oneOrMany(z.string()).optional(),
  parent_task_id: oneOrMany(TaskId).optional(),
  resource_id: oneOrMany(z.string()).optional(),
  metadata: Metadata.optional(),
} as const;

/** `POST /v1/tasks/list`. Filters are joined by AND; the values of one filter by OR. */
export const TaskListRequest = z.strictObject({
  ...TaskFilters,
  namespace: oneOrMany(z.string()).optional(),
  ...PageRequest,
});

export type TaskListRequest = z.infer<typeof TaskListRequest>;

/**
 * `POST /v1/tasks/kill` and `POST /v1/tasks/retry`: a list's filters, at least one that narrows, or
 * else `"all": true`. A call takes one page, oldest first; `next_cursor` continues with the next
 * page. A dry run changes nothing and returns what would be done.
 */
export const BulkRequest = z
  .strictObject({
    ...TaskFilters,
    ...InsteadOfFilters,
    reason: z.string().max(500).optional(),
    ...BulkOptions,
  })
  .refine(...withSomeFilter(TaskFilters));

export type BulkRequest = z.infer<typeof BulkRequest>;

/** The result of a bulk call: a row for each task that matched the filters. */
export const BulkOutcome = z.object({
  dry_run: z.boolean(),
  results: z.array(
    z.object({
      task_id: TaskId,
      /** The task's status afterwards, or as it is in a dry run. */
      status: TaskStatusEnum,
      /** Whether it was done, or would be. */
      accepted: z.boolean(),
      /** The task that a retry created. */
      new_task_id: TaskId.nullable(),
      /** Why not: the error code that the call for a single task would return. */
      code: z.string().nullable(),
    }),
  ),
  pagination: Pagination,
});

export type BulkOutcome = z.infer<typeof BulkOutcome>;

/** `POST /v1/tasks/{task_id}/kill`; the body may be absent. */
export const KillRequest = z.strictObject({ reason: z.string().max(500).optional() });

/** One line of a task's audit trail. */
export const HistoryEntry = z.object({
  at: Timestamp,
  /** `status`: it changed; `cancel`: a kill was requested or acknowledged; `rejected`: a write with an old lease token was refused. */
  kind: z.enum(["status", "cancel", "rejected"]),
  from: TaskStatusEnum.nullable(),
  to: TaskStatusEnum,
  actor: z.string(),
  attempt: z.int(),
  reason: z.string().nullable(),
});

export type HistoryEntry = z.infer<typeof HistoryEntry>;

/** `GET /v1/tasks/{task_id}/history`: the audit trail in one place. */
export const TaskHistory = z.object({
  task_id: TaskId,
  status: TaskStatusEnum,
  /** Of changes the first 1,000 and each end; a refused write that is repeated has one line. */
  entries: z.array(HistoryEntry),
  /** How many changes have no line, since there were too many. */
  omitted: z.int(),
  rejections: z.object({
    /** How many writes were refused, those without a line too. */
    count: z.int(),
    /** The last that was a repetition; null when none was. */
    last: HistoryEntry.nullable(),
  }),
  attempts: z.array(
    z.object({
      attempt: z.int(),
      started_at: Timestamp,
      /** Null while it runs. */
      ended_at: Timestamp.nullable(),
      /** The status after the attempt: PENDING when another attempt follows. */
      outcome: TaskStatusEnum.nullable(),
      reason: z.string().nullable(),
    }),
  ),
  events: z.array(
    z.object({
      event_id: EventId,
      type: z.string(),
      sequence: z.int(),
      timestamp: Timestamp,
      /**
       * Whether it was dispatched: moved from the task's outbox to the event log and the endpoints.
       */
      dispatched: z.boolean(),
    }),
  ),
  deliveries: z.array(DeliverySummary),
});

export type TaskHistory = z.infer<typeof TaskHistory>;
