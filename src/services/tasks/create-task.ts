import type { TaskRecord } from "../../ports/task-store.ts";
import { actorOf, type NamespaceContext } from "../context.ts";
import { cacheTask } from "./change-task.ts";
import { mirrorTask } from "./mirror-task.ts";
import { numberEvents } from "./plan-change.ts";
import { publishJob } from "./publish-job.ts";

/** When the relay looks at a task that nobody has claimed. */
export const RELAY_AFTER_SECONDS = 60;

/** A task that nobody has changed since it was inserted. */
const FIRST_VERSION = 1;

export type NewTask = {
  readonly taskId: string;
  readonly taskType: string;
  readonly resourceId: string;
  readonly jobInput: Record<string, unknown>;
  readonly inputs: readonly (string | Record<string, unknown>)[];
  readonly additionalData: Record<string, unknown>;
};

/**
 * Accepts a task: once it is in MongoDB it will reach a terminal status, whatever dies next (P1).
 * The id is the submission's own, so that of two submits at once one inserts and the other finds
 * the same task. Throws `StoreUnavailableError` when MongoDB can't be reached,
 * and then nothing was accepted (P6).
 */
export async function createTask({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: NewTask;
}): Promise<TaskRecord> {
  const task = newTaskRecord(ctx, input);
  const outcome = await ctx.stores.tasks.insert(task);
  if (outcome.kind === "duplicate") {
    const existing = await ctx.stores.tasks.find(ctx.namespace._id, input.taskId);
    if (existing === null) {
      throw new Error(`task ${input.taskId} was refused as a duplicate but can't be found`);
    }
    // Whoever inserted it may have died before the rest; done twice, the rest changes nothing (P7).
    if (existing.version === FIRST_VERSION) await announce(ctx, existing);
    return existing;
  }
  await announce(ctx, task);
  return task;
}

/** What follows the insert, all of it only a matter of speed: hot copy, job message, resource. */
async function announce(ctx: NamespaceContext, task: TaskRecord): Promise<void> {
  await Promise.all([
    cacheTask({ ctx, task }),
    publishJob({ ctx, task }),
    mirrorTask({ ctx, task }).catch((error: unknown) => {
      ctx.runtime.log("warn", "the resource was not written", {
        task_id: task._id,
        error: String(error),
      });
    }),
  ]);
}

function newTaskRecord(ctx: NamespaceContext, input: NewTask): TaskRecord {
  const type = ctx.taskTypes.get(input.taskType);
  if (type === undefined) throw new Error(`there is no task type ${input.taskType}`);
  const now = ctx.runtime.now();
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
    max_attempts: type.maxAttempts,
    cancel: null,
    last_error: null,
    tags: [],
    parent_task_id: null,
    retry_of: null,
    version: FIRST_VERSION,
    sequence: 1,
    resource_id: input.resourceId,
    job_input: input.jobInput,
    checkpoint: null,
    lease_token: null,
    lease_expires_at: null,
    relay_at: new Date(now.getTime() + RELAY_AFTER_SECONDS * 1000),
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
