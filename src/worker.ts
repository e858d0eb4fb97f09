import { createApp, type Lifetime } from "./app.ts";
import { type Config, parseConfig } from "./config.ts";
import { type Bindings, createServices } from "./deps.ts";
import { runCron } from "./scheduled/crons.ts";
import type { ServiceContext } from "./services/context.ts";
import { createIsolateMemory } from "./services/isolate-memory.ts";

export { MongoPool } from "./stores/mongo/pool-object.ts";

const memory = createIsolateMemory();
let config: Config | null = null;

function configOf(env: Bindings): Config {
  config ??= parseConfig(env);
  return config;
}

function servicesOf(env: Bindings, context: Lifetime, requestId: string): ServiceContext {
  return createServices({
    config: configOf(env),
    bindings: env,
    memory,
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
