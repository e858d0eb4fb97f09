import { combineApps } from "../../../../src/app.ts";
import { content } from "../../../../src/content/index.ts";
import { runCron } from "../../../../src/engine/duties/crons.ts";
import type { ServiceContext } from "../../../../src/engine/context.ts";
import type { Subscriber } from "../../../../src/engine/subscriber.ts";
import { createApp, type Lifetime } from "../../../../src/http/app.ts";
import { register } from "../../../../src/registry.ts";
import { type Bindings, createIsolate, createServices } from "../../../../src/services.ts";
import { declareIndexes } from "../../../../src/stores/mongo/declared-indexes.ts";

/** The worker as `src/worker.ts` exports it, once for each isolate. */
export type VirtualWorker = {
  fetch(request: Request, lifetime: Lifetime): Promise<Response>;
  scheduled(cron: string, scheduled: Date, lifetime: Lifetime): Promise<void>;
};

type ServicesFor = (lifetime: Lifetime, requestId: string) => ServiceContext;

const app = combineApps([content]);

declareIndexes(app.indexes);

/** Who is asked for the services of a request; the routes are made once, since that takes long. */
const callers = new WeakMap<Lifetime, ServicesFor>();

const http = createApp(
  (_env, lifetime, requestId) => {
    const servicesFor = callers.get(lifetime);
    if (servicesFor === undefined) throw new Error("a request of no isolate");
    return servicesFor(lifetime, requestId);
  },
  { ...app, targets: [...register(app, []).targets.values()] },
);

/** The one place where the worker's own parts are put together for the virtual world. */
export function createVirtualWorker(
  environment: Readonly<Record<string, unknown>>,
  bindings: Bindings,
  subscribers: readonly Subscriber[],
): VirtualWorker {
  const isolate = createIsolate(environment);
  const registry = register(app, subscribers);
  const servicesFor: ServicesFor = (lifetime, requestId) => {
    const waitUntil = (work: Promise<unknown>): void => lifetime.waitUntil(work);
    return createServices({ isolate, registry, bindings, waitUntil, requestId });
  };
  return {
    fetch: async (request, lifetime) => {
      callers.set(lifetime, servicesFor);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is used of it
      return http.fetch(request, bindings, lifetime as Parameters<typeof http.fetch>[2]);
    },
    scheduled: (cron, scheduled, lifetime) =>
      runCron(servicesFor(lifetime, crypto.randomUUID()), cron, scheduled),
  };
}
