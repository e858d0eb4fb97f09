import type { App } from "./app.ts";
import type { ServiceContext } from "./engine/context.ts";
import { eventHandlers } from "./engine/event-handlers.ts";
import type { Job } from "./engine/jobs/job.ts";
import { emittedTypesOf, registerJobs, resourcesOf } from "./engine/jobs/registry.ts";
import { registerTargets } from "./engine/submissions/define-target.ts";
import { TASK_TARGET } from "./engine/submissions/task-target.ts";
import { type Subscriber, toCatalog } from "./engine/subscriber.ts";

/** The deployment's parts, as every service finds them in its context. */
export type Registry = Pick<
  ServiceContext,
  "jobs" | "resources" | "emittedTypes" | "targets" | "contents" | "handlers" | "subscribers"
>;

/** The engine's own parts and the app's, checked. Throws when they conflict. */
export function register<Env>(
  app: Required<App<Env>>,
  subscribers: readonly Subscriber[],
): Registry {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the worker is run with the environment that its jobs are typed for
  const jobs = registerJobs(app.jobs as readonly Job[]);
  return {
    jobs,
    resources: resourcesOf(jobs),
    emittedTypes: emittedTypesOf(jobs),
    targets: registerTargets([TASK_TARGET, ...app.targets]),
    contents: app.contents,
    handlers: eventHandlers(app.handlers),
    subscribers: toCatalog(subscribers),
  };
}
