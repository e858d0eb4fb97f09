import type { z } from "zod";
import type { BuiltInEventType } from "../../contract/event.ts";
import type { Progress } from "../../contract/task.ts";
import type { TerminalStatus } from "../../contract/status.ts";
import type { Config } from "../../config.ts";
import type { MirrorStore } from "../../ports/batch-store.ts";
import type { Runtime } from "../../ports/runtime.ts";
import type { Stores } from "../context.ts";

export { NonRetryableError } from "../../ports/errors.ts";

/** What a job gets; it reads no clock, no environment and no task of its own accord. */
export type JobContext<Resource> = {
  readonly taskId: string;
  readonly namespaceId: string;
  /** From 1. */
  readonly attempt: number;
  /** The resource that the task works for, as it was when this invocation began. */
  readonly resource: Resource;
  readonly runtime: Runtime;
  readonly config: Config;
  /**
   * Each call makes sure that the lease lasts longer than a write does, so that nothing is written
   * once another has the task; it throws when the lease is lost. What writes must be one operation
   * of the database, since only the call's beginning is looked at.
   */
  readonly stores: Pick<
    Stores,
    | "objects"
    | "documents"
    | "collections"
    | "taxonomies"
    | "labels"
    | "namespaces"
    | "migrations"
    | "copies"
    | "clustering"
  >;
};

/**
 * An event that a job's end causes, stored in the same write as the end (P3). It is of the catalogue in
 * `contract/event.ts`, where its schema is: types that are registered over HTTP are a namespace's own,
 * and are published by `POST /v1/events`, which holds them against their schema.
 */
export type JobEvent = { readonly type: BuiltInEventType; readonly data: Record<string, unknown> };

/** What a call of `start` or `advance` came to. */
export type StepOutcome<State> =
  | {
      readonly kind: "next";
      readonly state: State;
      readonly progress: Progress;
      /** From the next step on the task can't be killed, for this reason, which a kill is answered. */
      readonly killRefusal?: string;
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

/**
 * A job: a resumable loop of bounded steps, not a long function. The runner leases the task, calls
 * `advance` until the invocation's budget is spent, keeps `state` at each heartbeat, and goes on in
 * another invocation. A crash repeats at most the steps since the last checkpoint, so a step must be
 * one that may run twice.
 */
export type JobDefinition<Input, State, Resource> = {
  readonly type: string;
  readonly input: z.ZodType<Input>;
  /** How stored state is read back; it must be small and serialisable. */
  readonly state: z.ZodType<State>;
  readonly killable: boolean;
  readonly maxAttempts: number;
  /** The resources of this kind, which show the task's status as their own. */
  readonly mirror: (stores: Stores) => MirrorStore<Resource>;
  readonly start: (input: Input, ctx: JobContext<Resource>) => Promise<StepOutcome<State>>;
  /** One bounded step: at most about 100 ms of CPU time and a few seconds in all. */
  readonly advance: (state: State, ctx: JobContext<Resource>) => Promise<StepOutcome<State>>;
  /** Pure: what to show and say of the work done so far, at whatever end. */
  readonly conclude: (
    state: State,
    ending: TerminalStatus,
    ctx: JobContext<Resource>,
  ) => Conclusion;
  /**
   * The state with what was done after it: asked for before an end that cuts the work short, since
   * a runner that died may have done steps that no checkpoint tells of. One read.
   */
  readonly recount?: (state: State, ctx: JobContext<Resource>) => Promise<State>;
  /** Takes back what a canceled or failed job should not leave behind; may run twice. */
  readonly undo?: (state: State, ctx: JobContext<Resource>) => Promise<void>;
};

/** Checks a job's definition and lets its types be inferred. */
export function defineJob<Input, State extends Record<string, unknown>, Resource>(
  job: JobDefinition<Input, State, Resource>,
): JobDefinition<Input, State, Resource> {
  return job;
}
