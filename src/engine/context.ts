import type { Config } from "../config.ts";
import type { BatchStore } from "../ports/batch-store.ts";
import type { ClusteringStores, ClusterStore } from "../ports/cluster-store.ts";
import type { DocumentStore, ObjectStore, SchemaStore } from "../ports/content-stores.ts";
import type { DeliveryStore, EventRecord, EventStore } from "../ports/delivery-store.ts";
import type { EventLogStore } from "../ports/event-log.ts";
import type { EventTypeStore } from "../ports/event-type-store.ts";
import type { KeyStore } from "../ports/key-store.ts";
import type { NamespaceRecord, NamespaceStore } from "../ports/namespace-store.ts";
import type { DispatchMessage, Queue } from "../ports/queue.ts";
import type { BucketRecord, CollectionRecord } from "../ports/content-stores.ts";
import type { ResourceStore } from "../ports/resource-store.ts";
import type { Runtime } from "../ports/runtime.ts";
import type { ScheduleStore } from "../ports/schedule-store.ts";
import type { TaskCache } from "../ports/task-cache.ts";
import type { TaskTypeStore } from "../ports/task-type-store.ts";
import type { TaskRecord, TaskStore } from "../ports/task-store.ts";
import type { CopyStore, MigrationStore } from "../ports/migration-store.ts";
import type { LabelStore, TaxonomyStore } from "../ports/taxonomy-store.ts";
import type { Watchers } from "../ports/watchers.ts";
import type { WebhookStore } from "../ports/webhook-store.ts";
import type { IsolateMemory } from "./isolate-memory.ts";
import type { Principal } from "./principal.ts";
import type { Subscriber } from "./subscriber.ts";

/** Every store, as the services see them. */
export type Stores = {
  readonly namespaces: NamespaceStore;
  readonly keys: KeyStore;
  readonly buckets: ResourceStore<BucketRecord>;
  readonly objects: ObjectStore;
  readonly collections: ResourceStore<CollectionRecord>;
  readonly schemas: SchemaStore;
  readonly documents: DocumentStore;
  readonly batches: BatchStore;
  readonly taskTypes: TaskTypeStore;
  readonly schedules: ScheduleStore;
  readonly taxonomies: TaxonomyStore;
  readonly labels: LabelStore;
  readonly clusters: ClusterStore;
  readonly clustering: ClusteringStores;
  readonly migrations: MigrationStore;
  readonly copies: CopyStore;
  readonly tasks: TaskStore;
  readonly taskCache: TaskCache;
  readonly watchers: Watchers;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryStore;
  readonly events: EventStore;
  readonly eventLog: EventLogStore;
  readonly eventTypes: EventTypeStore;
  readonly queue: Queue;
};

/** What the services must know of a type of task; how it is carried out is the job's own matter. */
export type TaskTypeInfo = { readonly killable: boolean; readonly maxAttempts: number };

/** Events that are dispatched together, all of one namespace. */
export type DispatchedEvents = {
  readonly source: DispatchMessage["source"];
  readonly namespaceId: string;
  /** As the log has them. */
  readonly events: readonly EventRecord[];
  /** The tasks in whose outboxes they waited, as they were read; none for other sources. */
  readonly tasks: readonly TaskRecord[];
};

/** What a handler did: how many deliveries it made, and behind which of its targets it goes on; null: done. */
export type HandlerReport = { readonly deliveries: number; readonly next: string | null };

/**
 * What acts on events when they are dispatched. Handlers run in order, and their outbox is cleared
 * after the last. What throws is repeated with the whole dispatch, so each may run twice (P3, P7).
 */
export type EventHandler = {
  readonly name: string;
  /**
   * Whether events of these types should be dispatched at once. Absent or false: it is soon enough
   * when cron finds them.
   */
  readonly wants?: (
    ctx: ServiceContext,
    namespaceId: string,
    events: readonly { readonly type: string }[],
  ) => boolean | Promise<boolean>;
  readonly handle: (
    ctx: ServiceContext,
    dispatched: DispatchedEvents,
  ) => Promise<HandlerReport | void>;
  /**
   * Takes the next step, in an invocation of its own. Only the last handler may have more to do than
   * fits into one.
   */
  readonly goOn?: (
    ctx: ServiceContext,
    dispatched: DispatchedEvents,
    after: string,
  ) => Promise<HandlerReport>;
};

/** What every service gets. */
export type ServiceContext = {
  readonly config: Config;
  readonly runtime: Runtime;
  readonly stores: Stores;
  readonly taskTypes: ReadonlyMap<string, TaskTypeInfo>;
  /** What acts on dispatched events, in order. */
  readonly handlers: readonly EventHandler[];
  /** The deployer's own, by name. */
  readonly subscribers: ReadonlyMap<string, Subscriber>;
  readonly memory: IsolateMemory;
  /** One check per service that nothing works without; each rejects when it is down. */
  readonly readiness: Readonly<Record<string, () => Promise<void>>>;
};

/** A service call by a caller who was recognised. */
export type CallerContext = ServiceContext & { readonly principal: Principal };

/** A service call inside one namespace, which the caller may see. */
export type NamespaceContext = CallerContext & {
  readonly namespace: Pick<NamespaceRecord, "_id" | "name">;
};
