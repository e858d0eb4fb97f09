import type { SubmissionOptions } from "../../contract/submission.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { actorOf } from "../principal.ts";
import { heldSlot, type Keyed } from "../keyed-request.ts";
import { renderConcurrencyKey } from "./concurrency-key.ts";
import { numberEvents, planChange } from "./plan-change.ts";
import { taskTimes } from "./task-times.ts";

/** The options that a caller may give with every submission. */
export type Submission = {
  readonly options: SubmissionOptions;
  /** What identifies the request when it is sent again; null without an `Idempotency-Key`. */
  readonly keyed: Keyed | null;
};

/** A registered type's settings for its tasks; a task keeps those from its creation. */
export type ExecutorTerms = {
  readonly killable: boolean;
  readonly attempts: number;
  /** Seconds. */
  readonly heartbeatTimeout: number;
  readonly backoff: { readonly base: number; readonly cap: number };
  readonly concurrency: { readonly key: string; readonly limit: number } | null;
};

/** What a new task is created from. */
export type NewTask = {
  readonly taskId: string;
  readonly taskType: string;
  /** The resource that it works for, or null. */
  readonly resourceId: string | null;
  readonly jobInput: Record<string, unknown>;
  readonly inputs: readonly (string | Record<string, unknown>)[];
  readonly additionalData: Record<string, unknown>;
  readonly options: SubmissionOptions;
  /**
   * The slot that only one task of the namespace may hold: a caller's key, or a retry; null: none.
   */
  readonly keyed: Keyed | null;
  readonly retryOf?: string;
  /** How a task whose work is done elsewhere is run; absent for a built-in type. */
  readonly executor?: ExecutorTerms;
};

/** The task as it is inserted: PENDING, its first event in its outbox. */
export function newTaskRecord(ctx: NamespaceContext, input: NewTask): TaskRecord {
  const { options, keyed, executor } = input;
  const type = executor ?? ctx.jobs.get(input.taskType);
  if (type === undefined) throw new Error(`there is no task type ${input.taskType}`);
  const concurrency = executor === undefined ? concurrencyOf(type, input) : executor.concurrency;
  const now = ctx.runtime.now();
  const times = taskTimes(options, now);
  const { singleton } = options;
  const task: TaskRecord = {
    _id: input.taskId,
    namespace_id: ctx.namespace._id,
    task_type: input.taskType,
    status: "PENDING",
    inputs: input.inputs,
    outputs: null,
    additional_data: input.additionalData,
    error_message: null,
    created_at: now,
    updated_at: now,
    started_at: null,
    completed_at: null,
    progress: null,
    attempt: 0,
    max_attempts: options.max_attempts ?? type.attempts,
    cancel: null,
    last_error: null,
    tags: [...new Set(options.tags)],
    parent_task_id: options.parent_task_id ?? null,
    retry_of: input.retryOf ?? null,
    version: 1,
    sequence: 1,
    priority: options.priority ?? "normal",
    metadata: options.metadata ?? {},
    not_before: times.notBefore,
    expires_at: times.expiresAt,
    singleton_key: singleton?.key ?? null,
    kill_refusal: type.killable ? null : `A task of type ${input.taskType} can't be killed.`,
    on_expire: options.on_expire ?? "fail",
    idempotency_slot: keyed?.slot ?? input.taskId,
    request_hash: keyed?.hash ?? null,
    // A queued task takes the slot when its turn comes, together with the lease.
    singleton_slot:
      singleton === undefined || singleton.when_busy === "queue"
        ? input.taskId
        : heldSlot(singleton.key),
    executor:
      executor === undefined
        ? null
        : { heartbeat_timeout: executor.heartbeatTimeout, backoff: executor.backoff },
    handed_over_at: null,
    progress_event_at: null,
    concurrency_key: concurrency?.key ?? null,
    concurrency_limit: concurrency?.limit ?? 0,
    concurrency_slot: input.taskId,
    resource_id: input.resourceId,
    job_input: input.jobInput,
    checkpoint: null,
    outages: 0,
    lease_token: null,
    lease_expires_at: null,
    relay_at: times.relayAt,
    pending_events: [],
    outbox_at: now,
    history: [
      {
        at: now,
        kind: "status",
        from: null,
        to: "PENDING",
        actor: actorOf(ctx.principal),
        attempt: 0,
        reason: "submitted",
      },
    ],
    write_id: "",
  };
  return {
    ...task,
    pending_events: numberEvents([{ type: "task.created", data: {} }], task, 0, ctx.runtime),
  };
}

/**
 * The same task, unnecessary because `busy` holds its singleton key: created and ended at once. If
 * both work for one resource, the resource continues to show `busy`.
 */
export function skippedRecord(
  ctx: NamespaceContext,
  task: TaskRecord,
  busy: TaskRecord,
): TaskRecord {
  const reason = `${busy._id} is at work for the singleton key "${task.singleton_key}"`;
  const isShared = task.resource_id === busy.resource_id;
  const own: TaskRecord = {
    ...task,
    resource_id: isShared ? null : task.resource_id,
    singleton_slot: task._id,
  };
  const { patch, events, history } = planChange(
    own,
    {
      to: "SKIPPED",
      kind: "status",
      actor: "waybill",
      reason,
      patch: { additional_data: { ...own.additional_data, skip_reason: reason } },
      events: [],
    },
    ctx.runtime,
  );
  return {
    ...own,
    ...patch,
    version: own.version + 1,
    pending_events: [...own.pending_events, ...events],
    history: [...own.history, ...history],
  };
}

/** The concurrency key of a job's task, if the job has one, filled from the task's input. */
function concurrencyOf(
  { concurrency }: Pick<ExecutorTerms, "concurrency">,
  { taskType, jobInput }: NewTask,
): ExecutorTerms["concurrency"] {
  if (concurrency === null) return null;
  const key = `${taskType}:${renderConcurrencyKey(concurrency.key, jobInput)}`;
  return { key, limit: concurrency.limit };
}
