import { bindLoop } from "./bind-loop.ts";
import type { Job } from "./job.ts";
import type { LoopDefinition } from "./loop.ts";

export { NonRetryableError } from "../../ports/errors.ts";
export type { LoopContext, StepOutcome } from "./loop.ts";

/** A job in the style of a loop: its definition, and what the engine works with. */
export type Loop<Input, State, Env, Resource, Stores> = Omit<
  LoopDefinition<Input, State, Env, Resource, Stores>,
  keyof Job<Env>
> &
  Job<Env>;

/** Makes a job of its definition. What is wrong with the definition is said when the worker is built. */
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
