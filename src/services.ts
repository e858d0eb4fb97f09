import { type Config, parseConfig } from "./config.ts";
import { createNewId } from "./ids.ts";
import type { Registry } from "./registry.ts";
import type { Queue } from "./ports/queue.ts";
import type { Log, Runtime } from "./ports/runtime.ts";
import type { TaskCache } from "./ports/task-cache.ts";
import type { EngineStores, ServiceContext } from "./engine/context.ts";
import { createIsolateMemory, type IsolateMemory } from "./engine/isolate-memory.ts";
import { createDeliveryStore } from "./stores/mongo/deliveries.ts";
import { createEventLogStore } from "./stores/mongo/event-log.ts";
import { createEventStore } from "./stores/mongo/events.ts";
import { createEventTypeStore } from "./stores/mongo/event-types.ts";
import { createKeyStore } from "./stores/mongo/keys.ts";
import { createNamespaceStore } from "./stores/mongo/namespaces.ts";
import type { Database } from "./ports/database.ts";
import { createMongoGateway, type MongoPoolNamespace } from "./stores/mongo/rpc-gateway.ts";
import { createScheduleStore } from "./stores/mongo/schedules.ts";
import { createTaskTypeStore } from "./stores/mongo/task-types.ts";
import { createTaskStore } from "./stores/mongo/tasks.ts";
import { createEndpointStore } from "./stores/mongo/webhooks.ts";
import { createQueue } from "./stores/qstash/queue.ts";
import { createTaskCache } from "./stores/redis/task-cache.ts";
import { REAL_CLOCK } from "./stores/watch/clock.ts";
import { createWatchers, type WatchHubNamespace } from "./stores/watch/watchers.ts";

/** One per isolate, so the ids of two requests in one millisecond are in order. */
const newId = createNewId(now);

/** The worker's bindings; its variables are parsed by `config.ts`. */
export type Bindings = {
  readonly MONGO_POOL: MongoPoolNamespace;
  readonly WATCH_HUB: WatchHubNamespace;
};

/** What an isolate keeps for all its requests. The clients use `fetch` and hold no socket. */
export type Isolate = {
  readonly config: Config;
  readonly memory: IsolateMemory;
  readonly taskCache: TaskCache;
  readonly queue: Queue;
};

/**
 * Created once from the worker's variables: parsing them and creating clients costs more than a
 * poll.
 */
export function createIsolate(environment: Record<string, unknown>): Isolate {
  const config = parseConfig(environment);
  return {
    config,
    memory: createIsolateMemory(),
    taskCache: createTaskCache(config.redis),
    queue: createQueue({ ...config.qstash, publicUrl: config.publicUrl }),
  };
}

type Request = {
  readonly isolate: Isolate;
  readonly registry: Registry;
  readonly bindings: Bindings;
  readonly waitUntil: (work: Promise<unknown>) => void;
  readonly requestId: string;
};

/** The services of one request, message or cron run: the only place that builds stores. */
export function createServices({
  isolate,
  registry,
  bindings,
  waitUntil,
  requestId,
}: Request): ServiceContext {
  const { config, memory } = isolate;
  const log = createLog(requestId);
  const runtime: Runtime = {
    now,
    random: Math.random,
    newId,
    log,
    defer: (work) =>
      waitUntil(
        work.catch((error: unknown) =>
          log("error", "deferred work failed", { error: String(error) }),
        ),
      ),
    fetch: (url, init) => fetch(url, init),
  };
  const stores = new RequestStores(isolate, bindings);
  return {
    config,
    runtime,
    stores,
    database: stores.database,
    env: bindings,
    ...registry,
    memory,
    readiness: { mongodb: () => stores.database.ping() },
  };
}

/**
 * The stores of one request, on its own gateway, since a Durable Object stub belongs to the request
 * that created it. Each store is created on demand: they hold no state, and a poll needs none of
 * the MongoDB ones.
 */
class RequestStores implements EngineStores {
  readonly taskCache: TaskCache;
  readonly queue: Queue;
  readonly #pool: MongoPoolNamespace;
  readonly #hubs: WatchHubNamespace;
  readonly #poolSize: number;
  #database: Database | null = null;

  constructor({ config, taskCache, queue }: Isolate, bindings: Bindings) {
    this.taskCache = taskCache;
    this.queue = queue;
    this.#pool = bindings.MONGO_POOL;
    this.#hubs = bindings.WATCH_HUB;
    this.#poolSize = config.mongodb.poolSize;
  }

  get database() {
    return (this.#database ??= createMongoGateway(this.#pool, this.#poolSize, Math.random));
  }

  get namespaces() {
    return createNamespaceStore(this.database);
  }

  get keys() {
    return createKeyStore(this.database);
  }

  get tasks() {
    return createTaskStore(this.database, () => crypto.randomUUID());
  }

  get taskTypes() {
    return createTaskTypeStore(this.database);
  }

  get schedules() {
    return createScheduleStore(this.database, () => crypto.randomUUID());
  }

  get watchers() {
    return createWatchers(this.#hubs, REAL_CLOCK);
  }

  get webhooks() {
    return createEndpointStore(this.database);
  }

  get deliveries() {
    return createDeliveryStore(this.database);
  }

  get events() {
    return createEventStore(this.database);
  }

  get eventLog() {
    return createEventLogStore(this.database);
  }

  get eventTypes() {
    return createEventTypeStore(this.database);
  }
}

function now(): Date {
  return new Date();
}

function createLog(requestId: string): Log {
  return (level, message, fields) => {
    // One JSON object per line, which Workers Logs indexes by field.
    console[level](JSON.stringify({ level, message, request_id: requestId, ...fields }));
  };
}
