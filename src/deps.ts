import type { Config } from "./config.ts";
import { createNewId } from "./ids.ts";
import { TASK_TYPES } from "./jobs/catalog.ts";
import type { CollectionRecord, BucketRecord } from "./ports/content-stores.ts";
import type { Log, Runtime } from "./ports/runtime.ts";
import type { ServiceContext, Stores } from "./services/context.ts";
import type { IsolateMemory } from "./services/isolate-memory.ts";
import { createBatchStore } from "./stores/mongo/batches.ts";
import { createDeliveryStore } from "./stores/mongo/deliveries.ts";
import { createDocumentStore } from "./stores/mongo/documents.ts";
import { createEventStore } from "./stores/mongo/events.ts";
import { createKeyStore } from "./stores/mongo/keys.ts";
import { createNamespaceStore } from "./stores/mongo/namespaces.ts";
import { createObjectStore } from "./stores/mongo/objects.ts";
import { createResourceStore } from "./stores/mongo/resources.ts";
import { createMongoGateway, type MongoPoolNamespace } from "./stores/mongo/rpc-gateway.ts";
import { createLabelStore } from "./stores/mongo/labels.ts";
import { createWorkStore } from "./stores/mongo/works.ts";
import type { TaxonomyRecord } from "./ports/taxonomy-store.ts";
import { createScheduleStore } from "./stores/mongo/schedules.ts";
import { createTaskTypeStore } from "./stores/mongo/task-types.ts";
import { createTaskStore } from "./stores/mongo/tasks.ts";
import { createWebhookStore } from "./stores/mongo/webhooks.ts";
import { createQueue } from "./stores/qstash/queue.ts";
import { createTaskCache } from "./stores/redis/task-cache.ts";

/** One for the isolate, so that what two requests make in one millisecond is in order. */
const newId = createNewId(now);

/** The worker's bindings; its variables are parsed by `config.ts`. */
export type Bindings = { readonly MONGO_POOL: MongoPoolNamespace };

type Request = {
  readonly config: Config;
  readonly bindings: Bindings;
  readonly memory: IsolateMemory;
  readonly waitUntil: (work: Promise<unknown>) => void;
  readonly requestId: string;
};

/**
 * What one request, message or cron run works with: the only place that builds stores. Clients are
 * made per request, since sockets and promises of a worker belong to the request that made them.
 */
export function createServices({
  config,
  bindings,
  memory,
  waitUntil,
  requestId,
}: Request): ServiceContext {
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
  const gateway = createMongoGateway(bindings.MONGO_POOL, config.mongodb.poolSize, Math.random);
  const stores: Stores = {
    namespaces: createNamespaceStore(gateway),
    keys: createKeyStore(gateway),
    buckets: createResourceStore<BucketRecord>(gateway, "buckets"),
    objects: createObjectStore(gateway),
    collections: createResourceStore<CollectionRecord>(gateway, "collections"),
    documents: createDocumentStore(gateway),
    batches: createBatchStore(gateway),
    tasks: createTaskStore(gateway, () => crypto.randomUUID()),
    taskTypes: createTaskTypeStore(gateway),
    schedules: createScheduleStore(gateway),
    taxonomies: createWorkStore<TaxonomyRecord>(gateway, "taxonomies"),
    labels: createLabelStore(gateway),
    taskCache: createTaskCache(config.redis),
    webhooks: createWebhookStore(gateway),
    deliveries: createDeliveryStore(gateway),
    events: createEventStore(gateway),
    queue: createQueue({ ...config.qstash, publicUrl: config.publicUrl }),
  };
  return {
    config,
    runtime,
    stores,
    taskTypes: TASK_TYPES,
    memory,
    readiness: { mongodb: () => gateway.ping() },
  };
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
