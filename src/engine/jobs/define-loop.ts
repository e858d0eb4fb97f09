import { bindLoop } from "./bind-loop.ts";
import type { Job } from "./job.ts";
import type { LoopDefinition } from "./loop.ts";

export { NonRetryableError } from "../../ports/errors.ts";
export type { LoopContext, StepOutcome } from "./loop.ts";

/** A job in the form of a loop: its definition, and the part that the engine uses. */
export type Loop<Input, State, Env, Resource, Stores> = Omit<
  LoopDefinition<Input, State, Env, Resource, Stores>,
  keyof Job<Env>
> &
  Job<Env>;

/**
 * Creates a job from its definition. Errors in the definition are reported when the worker is
 * built.
 */
export function defineLoop<
  Input,
  State extends Record<string, unknown>,
  Env = unknown,
  Resource = null,
  Stores extends object = object,
>(
  definition: LoopDefinition<Input, State, Env, Resource, Stores>,
): Loop<Input, State, Env, Resource, Stores> {
  const {
    version = 1,
    killable = true,
    emits = {},
    backoff,
    concurrency,
    resource,
    output,
  } = definition;
  return {
    ...definition,
    version,
    killable,
    backoff: backoff ?? null,
    concurrency: concurrency ?? null,
    resource: resource ?? null,
    output: output ?? null,
    emits,
    open: (host, task, holdLease) => bindLoop(definition, host, task, holdLease),
  };
}
