import type { TerminalStatus } from "../../contract/status.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { mirrorOf } from "../tasks/mirror-task.ts";
import type { Conclusion, JobContext, JobDefinition, StepOutcome } from "./define-job.ts";
import { guardedStores, type HoldLease } from "./lease-guard.ts";

/** A job's state as it is stored; each job parses its own. */
export type JobState = Record<string, unknown>;

/** A job bound to one task and its resource: what the runner works with, whatever the type. */
export type OpenJob = {
  readonly start: () => Promise<StepOutcome<JobState>>;
  readonly advance: (state: JobState) => Promise<StepOutcome<JobState>>;
  readonly conclude: (state: JobState | null, ending: TerminalStatus) => Conclusion;
  /** The state with what a dead runner did after it; null when it can't have done anything. */
  readonly recount: (state: JobState | null) => Promise<JobState | null>;
  /** Null when the job leaves nothing behind that must be taken back. */
  readonly undo: ((state: JobState) => Promise<void>) | null;
};

/** A type of job without its own types, as the catalog holds it. */
export type Job = {
  readonly type: string;
  readonly killable: boolean;
  readonly maxAttempts: number;
  /**
   * Binds the job to a task: writes the task's status to its resource and reads the resource with
   * the same operation. Null when the resource is gone. Whatever the job asks of its stores goes
   * through `holdLease` first.
   */
  readonly open: (
    ctx: ServiceContext,
    task: TaskRecord,
    holdLease: HoldLease,
  ) => Promise<OpenJob | null>;
};

const NOTHING: Conclusion = { outputs: [], events: [] };

/** Takes a definition's own types away; what was stored is parsed by the definition's schemas. */
export function toJob<Input, State extends JobState, Resource>(
  definition: JobDefinition<Input, State, Resource>,
): Job {
  const { type, killable, maxAttempts } = definition;
  return {
    type,
    killable,
    maxAttempts,
    open: async (ctx, task, holdLease) => {
      if (task.resource_id === null) return null;
      const store = definition.mirror(ctx.stores);
      const resource =
        (await store.mirror(task.resource_id, mirrorOf(task))) ??
        // It shows that version already: this very mirror was sent again, or the reaper opens the job.
        (await store.get(task.resource_id));
      return resource === null ? null : bind(definition, ctx, task, resource, holdLease);
    },
  };
}

function bind<Input, State extends JobState, Resource>(
  definition: JobDefinition<Input, State, Resource>,
  ctx: ServiceContext,
  task: TaskRecord,
  resource: Resource,
  holdLease: HoldLease,
): OpenJob {
  const { undo, recount } = definition;
  const jobContext: JobContext<Resource> = {
    taskId: task._id,
    namespaceId: task.namespace_id,
    attempt: task.attempt,
    resource,
    runtime: ctx.runtime,
    config: ctx.config,
    stores: guardedStores(ctx.stores, holdLease),
  };
  const start = async () => definition.start(definition.input.parse(task.job_input), jobContext);
  return {
    start,
    advance: async (state) => definition.advance(definition.state.parse(state), jobContext),
    conclude: (state, ending) =>
      state === null
        ? NOTHING
        : definition.conclude(definition.state.parse(state), ending, jobContext),
    recount: async (state) => {
      if (recount === undefined) return state;
      if (state !== null) return recount(definition.state.parse(state), jobContext);
      const first = await start();
      return first.kind === "next" ? recount(first.state, jobContext) : null;
    },
    undo:
      undo === undefined ? null : async (state) => undo(definition.state.parse(state), jobContext),
  };
}
