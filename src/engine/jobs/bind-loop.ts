import { isBuiltInEvent } from "../../contract/event.ts";
import { NonRetryableError } from "../../ports/errors.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { Conclusion, JobEvent, LoopContext, LoopDefinition, StepOutcome } from "./loop.ts";
import { guardedStores, type HoldLease } from "./guarded-stores.ts";
import type { JobHost, JobState, OpenJob } from "./job.ts";
import { mirrorOf } from "./resource-kind.ts";

const NOTHING: Conclusion = { outputs: [], events: [] };

/**
 * Binds a loop to a task, as `Job.open` describes: stored values are parsed by the definition's
 * schemas.
 */
export async function bindLoop<Input, State extends JobState, Env, Resource, Stores extends object>(
  definition: LoopDefinition<Input, State, Env, Resource, Stores>,
  host: JobHost<Env>,
  task: TaskRecord,
  holdLease: HoldLease,
): Promise<OpenJob | null> {
  const { resource: kind } = definition;
  const resource = kind === undefined ? null : await readResource(kind, host, task);
  if (kind !== undefined && resource === null) return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Resource` is null where there is no kind
  return bind(definition, contextOf(definition, host, task, resource as Resource, holdLease));
}

async function readResource<Resource, Env>(
  kind: NonNullable<LoopDefinition<unknown, unknown, Env, Resource, object>["resource"]>,
  host: JobHost<Env>,
  task: TaskRecord,
): Promise<Resource | null> {
  if (task.resource_id === null) return null;
  const store = kind.store(host.database);
  return (
    (await store.mirror(task.resource_id, mirrorOf(task))) ??
    // The resource already shows that version: this mirror write was repeated, or the reaper opens
    // the job.
    (await store.get(task.resource_id))
  );
}

function contextOf<Input, State, Env, Resource, Stores extends object>(
  definition: LoopDefinition<Input, State, Env, Resource, Stores>,
  host: JobHost<Env>,
  task: TaskRecord,
  resource: Resource,
  holdLease: HoldLease,
): LoopContext<Input, Env, Resource, Stores> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `Stores` is any object where none are declared
  const stores = definition.stores?.(host) ?? ({} as Stores);
  let parsed: { readonly input: Input } | null = null;
  return {
    taskId: task._id,
    namespaceId: task.namespace_id,
    attempt: task.attempt,
    get input() {
      parsed ??= { input: parseInput(definition, task) };
      return parsed.input;
    },
    resource,
    env: host.env,
    runtime: host.runtime,
    config: host.config,
    stores: guardedStores(stores, holdLease),
  };
}

function parseInput<Input, State, Env, Resource, Stores>(
  { type, input }: LoopDefinition<Input, State, Env, Resource, Stores>,
  task: TaskRecord,
): Input {
  const { success, data, error } = input.safeParse(task.job_input);
  if (success) return data;
  const [issue] = error.issues;
  const where = ["input", ...(issue?.path ?? [])].join(".");
  throw new NonRetryableError(
    "invalid_input",
    `The job ${type} no longer takes this input. ${where}: ${issue?.message ?? "invalid"}`,
  );
}

function bind<Input, State extends JobState, Env, Resource, Stores>(
  definition: LoopDefinition<Input, State, Env, Resource, Stores>,
  context: LoopContext<Input, Env, Resource, Stores>,
): OpenJob {
  const { undo, recount, output } = definition;
  const start = async () => checked(definition, await definition.start(context.input, context));
  return {
    start,
    advance: async (state) =>
      checked(definition, await definition.advance(definition.state.parse(state), context)),
    conclude: (state, ending) => {
      if (state === null) return NOTHING;
      const conclusion = definition.conclude(definition.state.parse(state), ending, context);
      if (ending === "COMPLETED") conclusion.outputs.forEach((one) => void output?.parse(one));
      return { ...conclusion, events: checkedEvents(definition, conclusion.events) };
    },
    recount: async (state) => {
      if (recount === undefined) return state;
      if (state !== null) return recount(definition.state.parse(state), context);
      const first = await start();
      return first.kind === "next" ? recount(first.state, context) : null;
    },
    undo: undo === undefined ? null : async (state) => undo(definition.state.parse(state), context),
  };
}

type Emitter = Pick<LoopDefinition<unknown, unknown, unknown, unknown, object>, "type" | "emits">;

/**
 * The outcome with its events parsed by their schemas. Throws for an event that doesn't match its
 * declaration.
 */
function checked<State>(job: Emitter, outcome: StepOutcome<State>): StepOutcome<State> {
  if (outcome.kind !== "next" || outcome.events === undefined) return outcome;
  return { ...outcome, events: checkedEvents(job, outcome.events) };
}

function checkedEvents(job: Emitter, events: readonly JobEvent[]): readonly JobEvent[] {
  return events.map(({ type, data }) => {
    if (isBuiltInEvent(type)) return { type, data };
    const schema = job.emits?.[type];
    if (schema === undefined) throw new Error(`The job ${job.type} doesn't declare ${type}.`);
    return { type, data: schema.parse(data) };
  });
}
