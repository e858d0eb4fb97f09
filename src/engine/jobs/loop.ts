import type { z } from "zod";
import type { Progress } from "../../contract/task.ts";
import type { TerminalStatus } from "../../contract/status.ts";
import type { Config } from "../../config.ts";
import type { Database } from "../../ports/database.ts";
import type { NamespaceStore } from "../../ports/namespace-store.ts";
import type { Runtime } from "../../ports/runtime.ts";
import type { ResourceKind } from "./resource-kind.ts";

/**
 * What a job gets. It reads the clock, the environment and the task only through this. `Env` is the
 * worker's environment as the deployer typed it, `Resource` what the task works for (null:
 * nothing).
 */
export type LoopContext<Input = unknown, Env = unknown, Resource = null, Stores = object> = {
  readonly taskId: string;
  readonly namespaceId: string;
  /** From 1. */
  readonly attempt: number;
  /**
   * The task's input, parsed by the job's schema in this invocation. Reading it throws
   * `NonRetryableError` (`invalid_input`) when a later version of the schema refuses it.
   */
  readonly input: Input;
  /** The resource that the task works for, as of the start of this invocation. */
  readonly resource: Resource;
  readonly env: Env;
  readonly runtime: Runtime;
  readonly config: Config;
  /**
   * The stores that the job declares. Each call first makes sure that the lease outlasts a write,
   * so nothing is written once another runner has the task; it throws when the lease is lost. A
   * call that writes must be a single database operation, because only its start is checked.
   */
  readonly stores: Stores;
};

/**
 * An event caused by a job's end or by one of its steps: of a type declared in the job's `emits`,
 * or one of Waybill's own. It is stored in the same write as the end, or as the checkpoint after
 * the step (P3): no event of a kept step is lost, and a step repeated after a crash sends it once.
 * It can be stored twice only if an outage loses the write's response and the runner survives.
 */
export type JobEvent = { readonly type: string; readonly data: Record<string, unknown> };

/** The result of a call of `start` or `advance`. */
export type StepOutcome<State> =
  | {
      readonly kind: "next";
      readonly state: State;
      readonly progress: Progress;
      /**
       * From the next step on the task can't be killed, for this reason, which a refused kill
       * shows.
       */
      readonly killRefusal?: string;
      /** The events of this step; stored with the next checkpoint. */
      readonly events?: readonly JobEvent[];
    }
  | { readonly kind: "done"; readonly state: State; readonly progress: Progress }
  /** The work was found to be unnecessary: the task ends SKIPPED for this reason. */
  | { readonly kind: "skip"; readonly reason: string }
  /** The work can't succeed even if it is retried: the task ends FAILED. */
  | {
      readonly kind: "fail";
      readonly state: State;
      readonly code: string;
      readonly message: string;
      readonly details: Record<string, unknown> | null;
    };

/** What the task shows of the work at its end, complete or not. */
export type Conclusion = {
  readonly outputs: readonly (string | Record<string, unknown>)[];
  readonly events: readonly JobEvent[];
};

/** Types of event, each with the schema of its `data`. */
export type Emits = Readonly<Record<string, z.ZodType<Record<string, unknown>>>>;

/** What a job's stores are built from. */
export type StoreHost = {
  readonly database: Database;
  readonly stores: { readonly namespaces: NamespaceStore };
};

/**
 * A job as a resumable loop of bounded steps, not a long function. The runner leases the task,
 * calls `advance` until the invocation's budget is spent, stores `state` at each heartbeat, and
 * continues in another invocation. A crash repeats at most the steps since the last checkpoint, so
 * a step must be safe to run twice.
 */
export type LoopDefinition<Input, State, Env, Resource, Stores> = {
  /** Its `task_type`: lower-case words, unique in the deployment. */
  readonly type: string;
  /**
   * The version of the stored form; increase it for changes that affect stored tasks. 1 when
   * absent.
   */
  readonly version?: number;
  readonly input: z.ZodType<Input>;
  /**
   * The schema of each output of a COMPLETED task; an output that doesn't match is a bug of the job
   * and throws.
   */
  readonly output?: z.ZodType;
  /** The schema that parses stored state; the state must be small and serializable. */
  readonly state: z.ZodType<State>;
  /** Whether a task can be killed from the start; true when absent. */
  readonly killable?: boolean;
  /** The default maximum number of attempts at a task. */
  readonly attempts: number;
  /**
   * The delay between attempts, in seconds: full jitter under `base`, doubled each time, up to
   * `cap`.
   */
  readonly backoff?: { readonly base: number; readonly cap: number };
  /**
   * At most `limit` tasks with the same key run at once in a namespace; `{input.field}` is replaced
   * by a field.
   */
  readonly concurrency?: { readonly key: string; readonly limit: number };
  /**
   * The deployer's own events that it sends, by type, each with the schema of its `data`. An event
   * of an undeclared type, or one that doesn't match its schema, fails the job. Names have the same
   * form as in `PUT /v1/event-types/{type}`, which refuses the names declared here.
   */
  readonly emits?: Emits;
  /** The kind of resource that its tasks work for; absent: none. */
  readonly resource?: ResourceKind<Resource>;
  /** What the job reads and writes besides its task; see {@link LoopContext.stores}. */
  readonly stores?: (host: StoreHost) => Stores;
  readonly start: (
    input: Input,
    ctx: LoopContext<Input, Env, Resource, Stores>,
  ) => Promise<StepOutcome<State>>;
  /** One bounded step: at most about 100 ms of CPU time and a few seconds in all. */
  readonly advance: (
    state: State,
    ctx: LoopContext<Input, Env, Resource, Stores>,
  ) => Promise<StepOutcome<State>>;
  /** Pure: what the task shows of the work done so far, whatever the ending. */
  readonly conclude: (
    state: State,
    ending: TerminalStatus,
    ctx: LoopContext<Input, Env, Resource, Stores>,
  ) => Conclusion;
  /**
   * The state updated with work done after it. Called before an end that cuts the work short, since
   * a dead runner may have done steps that no checkpoint records. Takes one read.
   */
  readonly recount?: (
    state: State,
    ctx: LoopContext<Input, Env, Resource, Stores>,
  ) => Promise<State>;
  /** Undoes what a canceled or failed job should not leave behind; may run twice. */
  readonly undo?: (state: State, ctx: LoopContext<Input, Env, Resource, Stores>) => Promise<void>;
};
