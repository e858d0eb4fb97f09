import { type App, combineApps } from "./app.ts";
import type { ServiceContext } from "./engine/context.ts";
import { runCron } from "./engine/duties/crons.ts";
import type { Job } from "./engine/jobs/job.ts";
import type { Subscriber } from "./engine/subscriber.ts";
import { createApp, type Lifetime } from "./http/app.ts";
import { register, type Registry } from "./registry.ts";
import { type Bindings, createIsolate, createServices, type Isolate } from "./services.ts";
import { declareIndexes } from "./stores/mongo/declared-indexes.ts";

/** What a worker is built from. */
export type Waybill<Env> = {
  readonly apps: readonly App<Env>[];
  /** Jobs that need nothing else. */
  readonly jobs?: readonly Job<Env>[];
  readonly subscribers?: readonly Subscriber[];
};

/** A worker as the runtime calls it, and as tests do. */
export type Worker = Required<Pick<ExportedHandler<Bindings>, "scheduled">> & {
  readonly fetch: (request: Request, env: object, context: ExecutionContext) => Promise<Response>;
};

/**
 * Builds the worker from the engine and the given parts. Call it once in the worker's module, which
 * also exports `MongoPool` and `WatchHub`. Throws when the parts conflict: two jobs of one type, a
 * job that is not well defined, two subscribers with one name.
 */
export function createWaybill<Env = unknown>({
  apps,
  jobs = [],
  subscribers = [],
}: Waybill<Env>): Worker {
  const app = combineApps([...apps, { jobs }]);
  const registry = register(app, subscribers);
  declareIndexes(app.indexes);
  const servicesOf = servicesFor(registry);
  const http = createApp(servicesOf, { ...app, targets: [...registry.targets.values()] });
  return {
    fetch: async (request, env, context) => http.fetch(request, env, context),
    scheduled: (controller, env, context) =>
      runCron(
        servicesOf(env, context, crypto.randomUUID()),
        controller.cron,
        new Date(controller.scheduledTime),
      ),
  };
}

function servicesFor(registry: Registry) {
  let isolate: Isolate | null = null;
  return (env: object, lifetime: Lifetime, requestId: string): ServiceContext => {
    isolate ??= createIsolate({ ...env });
    return createServices({
      isolate,
      registry,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- wrangler.toml binds them; the variables beside them were parsed
      bindings: env as Bindings,
      waitUntil: (work) => lifetime.waitUntil(work),
      requestId,
    });
  };
}
