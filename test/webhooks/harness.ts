import type { CreateWebhookRequest } from "../../src/contract/webhook.ts";
import { createNewId } from "../../src/ids.ts";
import { parseConfig } from "../../src/config.ts";
import { StoreUnavailableError } from "../../src/ports/errors.ts";
import type {
  DeliveryMessage,
  DispatchMessage,
  PublishOptions,
  Queue,
} from "../../src/ports/queue.ts";
import type { DeliveryRecord } from "../../src/ports/delivery-store.ts";
import type { PendingEvent, TaskRecord } from "../../src/ports/task-store.ts";
import type { EndpointRecord } from "../../src/ports/endpoint-store.ts";
import type { NamespaceContext, EngineStores } from "../../src/engine/context.ts";
import { BATCHES } from "../../src/content/batch/batch-kind.ts";
import type { ResourceKind } from "../../src/engine/jobs/resource-kind.ts";
import type { Subscriber } from "../../src/engine/subscriber.ts";
import { createIsolateMemory } from "../../src/engine/isolate-memory.ts";
import { createEndpoint } from "../../src/engine/webhooks/endpoints/create-endpoint.ts";
import { createBatchStore } from "../../src/content/batch/create-batch-store.ts";
import { createDeliveryStore } from "../../src/stores/mongo/deliveries.ts";
import { createEventTypeStore } from "../../src/stores/mongo/event-types.ts";
import { createEventLogStore } from "../../src/stores/mongo/event-log.ts";
import { createEventStore } from "../../src/stores/mongo/events.ts";
import { createKeyStore } from "../../src/stores/mongo/keys.ts";
import { createNamespaceStore } from "../../src/stores/mongo/namespaces.ts";
import { createScheduleStore } from "../../src/stores/mongo/schedules.ts";
import { createTaskTypeStore } from "../../src/stores/mongo/task-types.ts";
import { createTaskStore } from "../../src/stores/mongo/tasks.ts";
import { createEndpointStore } from "../../src/stores/mongo/webhooks.ts";
import { createMemoryGateway } from "./memory-gateway.ts";
import { ENVIRONMENT } from "../support/environment.ts";
import { REGISTRY } from "../support/registry.ts";

const DEDUPLICATION_MS = 10 * 60_000;

/** What the fake queue was given. */
export type Published = {
  readonly message:
    | { readonly kind: "dispatch"; readonly body: DispatchMessage }
    | { readonly kind: "delivery"; readonly body: DeliveryMessage };
  readonly options: PublishOptions;
  readonly dueAt: Date;
};

/** A request that an endpoint got. */
export type Received = { readonly url: string; readonly headers: Headers; readonly body: string };

/** The webhook services over real stores in memory, with a driven clock, queue and network. */
export function createHarness(
  options: { readonly allowLoopback?: boolean; readonly subscribers?: readonly Subscriber[] } = {},
) {
  let nowMs = Date.parse("2026-11-24T01:02:03.456Z");
  const now = () => new Date(nowMs);
  const newId = createNewId(now);
  const gateway = createMemoryGateway();
  const published: Published[] = [];
  const received: Received[] = [];
  const world = {
    queueIsDown: false,
    /** How endpoints answer. */
    answer: (_request: Received): Response | Promise<Response> => new Response("ok"),
    random: 0.5,
    mirrored: [] as string[],
  };

  const seen = new Map<string, number>();
  const publish = (message: Published["message"], how: PublishOptions) => {
    const id = how.deduplicationId;
    if (id !== undefined) {
      const before = seen.get(id);
      if (before !== undefined && nowMs - before < DEDUPLICATION_MS) return;
      seen.set(id, nowMs);
    }
    const dueAt = new Date(nowMs + (how.delaySeconds ?? 0) * 1000);
    published.push({ message: structuredClone(message), options: how, dueAt });
  };
  const unlessDown = (work: () => void) => {
    if (world.queueIsDown) {
      return Promise.reject(new StoreUnavailableError("qstash", new Error("down")));
    }
    work();
    return Promise.resolve();
  };
  const queue: Queue = {
    cancelJobs: () => Promise.resolve(),
    putSchedule: () => Promise.resolve(),
    deleteSchedule: () => Promise.resolve(),
    publishJob: () => Promise.resolve(),
    publishJobs: () => Promise.resolve(),
    publishDispatch: (message, how) =>
      unlessDown(() => publish({ kind: "dispatch", body: message }, how)),
    publishDispatches: (messages) =>
      unlessDown(() => {
        for (const one of messages) publish({ kind: "dispatch", body: one.message }, one.options);
      }),
    publishDeliveries: (messages) =>
      unlessDown(() => {
        for (const one of messages) publish({ kind: "delivery", body: one.message }, one.options);
      }),
  };
  const stores: EngineStores = {
    namespaces: createNamespaceStore(gateway),
    keys: createKeyStore(gateway),
    taskCache: {
      get: () => Promise.resolve(null),
      watch: () => Promise.resolve(null),
      watchNamespace: () => Promise.resolve(),
      isNamespaceWatched: () => Promise.resolve(false),
      put: () => Promise.resolve([]),
    },
    watchers: {
      wake: () => Promise.resolve(),
      join: () => ({ next: () => Promise.resolve(null), leave: () => undefined }),
      tell: () => Promise.resolve(),
      joinEvents: () => ({
        next: (mark) => Promise.resolve({ mark, events: [] }),
        leave: () => undefined,
      }),
    },
    webhooks: createEndpointStore(gateway),
    deliveries: createDeliveryStore(gateway),
    events: createEventStore(gateway),
    eventLog: createEventLogStore(gateway),
    eventTypes: createEventTypeStore(gateway),
    tasks: createTaskStore(gateway, () => newId("task")),
    taskTypes: createTaskTypeStore(gateway),
    schedules: createScheduleStore(gateway, () => newId("schedule")),
    queue,
  };
  const batches: ResourceKind<unknown> = {
    prefix: BATCHES.prefix,
    store: () => ({
      ...createBatchStore(gateway),
      mirror: (resourceId) => {
        world.mirrored.push(resourceId);
        return Promise.resolve(null);
      },
      mirrorMany: (mirrors) => {
        world.mirrored.push(...mirrors.map(({ resourceId }) => resourceId));
        return Promise.resolve();
      },
    }),
  };
  const ctx: NamespaceContext = {
    config: parseConfig({ ...ENVIRONMENT, ALLOW_LOOPBACK: String(options.allowLoopback === true) }),
    runtime: {
      now,
      random: () => world.random,
      newId,
      log: () => undefined,
      defer: () => undefined,
      fetch: async (url, init) => {
        const request = {
          url,
          headers: new Headers(init.headers),
          body: typeof init.body === "string" ? init.body : "",
        };
        received.push(request);
        return world.answer(request);
      },
    },
    stores,
    database: gateway,
    env: {},
    ...REGISTRY,
    jobs: new Map(),
    resources: new Map([...REGISTRY.resources, [BATCHES.prefix, batches]]),
    subscribers: new Map(options.subscribers?.map((one) => [one.name, one])),
    memory: createIsolateMemory(),
    readiness: {},
    principal: { kind: "admin" },
    namespace: { _id: newId("namespace"), name: "acme" },
  };

  return {
    ctx,
    world,
    gateway,
    published,
    received,
    now,
    advance: (ms: number) => {
      nowMs += ms;
    },
    setTime: (at: Date) => {
      nowMs = at.getTime();
    },
    subscribe: async (input: Partial<CreateWebhookRequest> = {}) =>
      createEndpoint({
        ctx,
        input: { url: "https://hooks.example.com/in", event_types: ["*"], ...input },
      }),
    /** EngineStores a task with events in its outbox. */
    taskWith: async (types: readonly string[]): Promise<TaskRecord> => {
      const task = taskOf(ctx, types);
      await ctx.stores.tasks.insert(task);
      return task;
    },
    deliveryMessages: () =>
      published.flatMap(({ message }) => (message.kind === "delivery" ? [message.body] : [])),
    dispatchMessages: () =>
      published.flatMap(({ message }) => (message.kind === "dispatch" ? [message.body] : [])),
    /** All of them, in order of their events' sequence. */
    deliveries: (): readonly DeliveryRecord[] =>
      gateway
        .rows("deliveries")
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the store of deliveries wrote
        .map((row) => row as DeliveryRecord)
        .toSorted((one, other) => one.sequence - other.sequence),
    webhook: async (id: string): Promise<EndpointRecord | null> => ctx.stores.webhooks.get(id),
  };
}

export type Harness = ReturnType<typeof createHarness>;

function taskOf(ctx: NamespaceContext, types: readonly string[]): TaskRecord {
  const { runtime } = ctx;
  const at = runtime.now();
  const id = runtime.newId("task");
  const events: PendingEvent[] = types.map((type, index) => ({
    event_id: runtime.newId("event"),
    type,
    sequence: index + 1,
    timestamp: at,
    data: { task: { task_id: id, task_type: "api_buckets_batches_process", tags: ["nightly"] } },
  }));
  return {
    _id: id,
    namespace_id: ctx.namespace._id,
    task_type: "api_buckets_batches_process",
    status: "COMPLETED",
    inputs: null,
    outputs: null,
    additional_data: {},
    error_message: null,
    created_at: at,
    updated_at: at,
    started_at: null,
    completed_at: at,
    progress: null,
    attempt: 1,
    max_attempts: 3,
    cancel: null,
    last_error: null,
    tags: ["nightly"],
    parent_task_id: null,
    retry_of: null,
    version: 3,
    sequence: events.length,
    priority: "normal",
    metadata: {},
    not_before: null,
    expires_at: null,
    singleton_key: null,
    kill_refusal: null,
    on_expire: "fail",
    idempotency_slot: id,
    request_hash: null,
    singleton_slot: id,
    executor: null,
    handed_over_at: null,
    progress_event_at: null,
    concurrency_key: null,
    concurrency_limit: 0,
    concurrency_slot: id,
    resource_id: runtime.newId("batch"),
    job_input: {},
    checkpoint: null,
    outages: 0,
    lease_token: null,
    lease_expires_at: null,
    relay_at: null,
    pending_events: events,
    outbox_at: at,
    history: [],
    write_id: "",
  };
}
