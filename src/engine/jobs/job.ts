import type { z } from "zod";
import type { TerminalStatus } from "../../contract/status.ts";
import type { Config } from "../../config.ts";
import type { Runtime } from "../../ports/runtime.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { Conclusion, Emits, StepOutcome, StoreHost } from "./loop.ts";
import type { HoldLease } from "./guarded-stores.ts";
import type { ResourceKind } from "./resource-kind.ts";

/** A job's state as it is stored; each job parses its own. */
export type JobState = Record<string, unknown>;

/** A job bound to one task and its resource, as the runner sees it, whatever the type. */
export type OpenJob = {
  readonly start: () => Promise<StepOutcome<JobState>>;
  readonly advance: (state: JobState) => Promise<StepOutcome<JobState>>;
  readonly conclude: (state: JobState | null, ending: TerminalStatus) => Conclusion;
  /**
   * The state updated with what a dead runner did after it; null when it can't have done anything.
   */
  readonly recount: (state: JobState | null) => Promise<JobState | null>;
  /** Null when the job leaves nothing behind that must be undone. */
  readonly undo: ((state: JobState) => Promise<void>) | null;
};

/** What a job is opened with: the parts of the services' context that it needs. */
export type JobHost<Env = unknown> = StoreHost & {
  readonly config: Config;
  readonly runtime: Runtime;
  readonly env: Env;
};

/** A type of job without its own types, as the registry holds it: all that the engine knows of it. */
export type Job<Env = unknown> = {
  readonly type: string;
  readonly version: number;
  readonly input: z.ZodType;
  readonly output: z.ZodType | null;
  readonly killable: boolean;
  readonly attempts: number;
  readonly backoff: { readonly base: number; readonly cap: number } | null;
  readonly concurrency: { readonly key: string; readonly limit: number } | null;
  readonly emits: Emits;
  /** Null: its tasks have no resource and are created by `POST /v1/tasks`. */
  readonly resource: ResourceKind<unknown> | null;
  /**
   * Binds the job to a task: writes the task's status to its resource and reads the resource with
   * the same operation. Null when the resource is gone. Every call of the job to its stores goes
   * through `holdLease` first.
   */
  readonly open: (
    host: JobHost<Env>,
    task: TaskRecord,
    holdLease: HoldLease,
  ) => Promise<OpenJob | null>;
};
