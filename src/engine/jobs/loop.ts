import type { z } from "zod";
import type { Progress } from "../../contract/task.ts";
import type { TerminalStatus } from "../../contract/status.ts";
import type { Config } from "../../config.ts";
import type { Database } from "../../ports/database.ts";
import type { NamespaceStore } from "../../ports/namespace-store.ts";
import type { Runtime } from "../../ports/runtime.ts";
import type { ResourceKind } from "./resource-kind.ts";

/**
 * What a job gets; it reads no clock, no environment and no task of its own accord. `Env` is the
 * worker's environment as the deployer typed it, `Resource` what the task works for (null: nothing).
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
  /** The resource that the task works for, as it was when this invocation began. */
  readonly resource: Resource;
  readonly env: Env;
  readonly runtime: Runtime;
  readonly config: Config;
  /**
   * The stores that the job declares. Each call makes sure that the lease lasts longer than a write
   * does, so that nothing is written once another has the task; it throws when the lease is lost.
   * What writes must be one operation of the database, since only the call's beginning is looked at.
   */
  readonly stores: Stores;
};

/**
 * An event that a job's end or one of its steps causes: of a type that the job's `emits` declares, or
 * one of Waybill's own. It is stored in the same write as the end, or as the checkpoint behind the step
 * (P3): none is lost whose step is kept, and a step that a crash repeats tells it once. Only a write
 * whose answer an outage swallowed, and whose runner lives on, may store it twice.
 */
export type JobEvent = { readonly type: string; readonly data: Record<string, unknown> };

/** What a call of `start` or `advance` came to. */
export type StepOutcome<State> =
  | {
      readonly kind: "next";
      readonly state: State;
      readonly progress: Progress;
      /** From the next step on the task can't be killed, for this reason, which a kill is answered. */
      readonly killRefusal?: string;
      /** What this step has to tell; stored with the next checkpoint. */
      readonly events?: readonly JobEvent[];
    }
  | { readonly kind: "done"; readonly state: State; readonly progress: Progress }
  /** The work was found to be unnecessary: the task ends SKIPPED for this reason. */
  | { readonly kind: "skip"; readonly reason: string }
  /** The work can't succeed, whatever is tried again: the task ends FAILED. */
  | {
      readonly kind: "fail";
      readonly state: State;
      readonly code: string;
      readonly message: string;
      readonly details: Record<string, unknown> | null;
    };

/** What the task shows of the work in the end, complete or not. */
export type Conclusion = {
  readonly outputs: readonly (string | Record<string, unknown>)[];
  readonly events: readonly JobEvent[];
};

/** Types of event, each with the schema of its `data`. */
export type Emits = Readonly<Record<string, z.ZodType<Record<string, unknown>>>>;

/** What a job's stores are made of. */
export type StoreHost = {
  readonly database: Database;
  readonly stores: { readonly namespaces: NamespaceStore };
};

/**
 * A job as a resumable loop of bounded steps, not a long function. The runner leases the task, calls
 * `advance` until the invocation's budget is spent, keeps `state` at each heartbeat, and goes on in
 * another invocation. A crash repeats at most the steps since the last checkpoint, so a step must be
 * one that may run twice.
 */
export type LoopDefinition<Input, State, Env, Resource, Stores> = {
  /** Its `task_type`: lower-case words, unique in the deployment. */
  readonly type: string;
  /** Counts the changes that stored tasks can tell; 1 when absent. */
  readonly version?: number;
  readonly input: z.ZodType<Input>;
  /** What each of the outputs of a COMPLETED task is; one that isn't is the job's bug, and throws. */
  readonly output?: z.ZodType;
  /** How stored state is read back; it must be small and serialisable. */
  readonly state: z.ZodType<State>;
  /** Whether a task can be killed from the start; true when absent. */
  readonly killable?: boolean;
  /** How often a task is tried at the most, unless its submission says otherwise. */
  readonly attempts: number;
  /** Seconds between attempts: full jitter under `base` doubled each time, at most `cap`. */
  readonly backoff?: { readonly base: number; readonly cap: number };
  /** At most `limit` tasks with one key are at work in a namespace; `{input.field}` stands for a field. */
  readonly concurrency?: { readonly key: string; readonly limit: number };
  /**
   * The events of the deployer's own that it sends, by type, each with the schema of its `data`: an
   * event that is of no declared type, or not as its schema says, is the job's failure. The names are
   * as those of `PUT /v1/event-types/{type}`, which refuses them in turn.
   */
  readonly emits?: Emits;
  /** The kind of resource that its tasks work for; absent: they stand alone. */
  readonly resource?: ResourceKind<Resource>;
  /** What the job reads and writes beside its task; see {@link LoopContext.stores}. */
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
  /** Pure: what to show and say of the work done so far, at whatever end. */
  readonly conclude: (
    state: State,
    ending: TerminalStatus,
    ctx: LoopContext<Input, Env, Resource, Stores>,
  ) => Conclusion;
  /**
   * The state with what was done after it: asked for before an end that cuts the work short, since
   * a runner that died may have done steps that no checkpoint tells of. One read.
   */
  readonly recount?: (
    state: State,
    ctx: LoopContext<Input, Env, Resource, Stores>,
  ) => Promise<State>;
  /** Takes back what a canceled or failed job should not leave behind; may run twice. */
  readonly undo?: (state: State, ctx: LoopContext<Input, Env, Resource, Stores>) => Promise<void>;
};
