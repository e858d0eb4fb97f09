import { createApp, type Lifetime } from "./http/app.ts";
import { type Bindings, createIsolate, createServices, type Isolate } from "./deps.ts";
import { runCron } from "./engine/duties/crons.ts";
import type { ServiceContext } from "./engine/context.ts";

export { MongoPool } from "./stores/mongo/pool-object.ts";
export { WatchHub } from "./stores/watch/watch-hub.ts";

let isolate: Isolate | null = null;

function servicesOf(env: Bindings, context: Lifetime, requestId: string): ServiceContext {
  isolate ??= createIsolate(env);
  return createServices({
    isolate,
    bindings: env,
    waitUntil: (work) => context.waitUntil(work),
    requestId,
  });
}

const app = createApp(servicesOf);

export default {
  fetch: app.fetch,
  scheduled: (controller, env, context) =>
    runCron(
      servicesOf(env, context, crypto.randomUUID()),
      controller.cron,
      new Date(controller.scheduledTime),
    ),
} satisfies ExportedHandler<Bindings>;
