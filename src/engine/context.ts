import type { Config } from "../config.ts";
import type { BatchStore } from "../ports/batch-store.ts";
import type { ClusteringStores, ClusterStore } from "../ports/cluster-store.ts";
import type { DocumentStore, ObjectStore, SchemaStore } from "../ports/content-stores.ts";
import type { DeliveryStore, EventStore } from "../ports/delivery-store.ts";
import type { EventLogStore } from "../ports/event-log.ts";
import type { EventTypeStore } from "../ports/event-type-store.ts";
import type { KeyStore } from "../ports/key-store.ts";
import type { NamespaceRecord, NamespaceStore } from "../ports/namespace-store.ts";
import type { Queue } from "../ports/queue.ts";
import type { BucketRecord, CollectionRecord } from "../ports/content-stores.ts";
import type { ResourceStore } from "../ports/resource-store.ts";
import type { Runtime } from "../ports/runtime.ts";
import type { ScheduleStore } from "../ports/schedule-store.ts";
import type { TaskCache } from "../ports/task-cache.ts";
import type { TaskTypeStore } from "../ports/task-type-store.ts";
import type { TaskStore } from "../ports/task-store.ts";
import type { CopyStore, MigrationStore } from "../ports/migration-store.ts";
import type { LabelStore, TaxonomyStore } from "../ports/taxonomy-store.ts";
import type { Watchers } from "../ports/watchers.ts";
import type { WebhookStore } from "../ports/webhook-store.ts";
import type { Subscriber } from "./webhooks/deliveries/subscriber.ts";
import type { IsolateMemory } from "./isolate-memory.ts";

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

/** Who asks: the deployment's administrator, or an API key that sees some namespaces. */
export type Principal =
  | { readonly kind: "admin" }
  | { readonly kind: "key"; readonly keyId: string; readonly namespaceIds: readonly string[] }
  /** A schedule that fires, which nobody asks at that moment. */
  | { readonly kind: "schedule"; readonly scheduleId: string };

/** What the services must know of a type of task; how it is carried out is the job's own matter. */
export type TaskTypeInfo = { readonly killable: boolean; readonly maxAttempts: number };

/** What every service gets. */
export type ServiceContext = {
  readonly config: Config;
  readonly runtime: Runtime;
  readonly stores: Stores;
  readonly taskTypes: ReadonlyMap<string, TaskTypeInfo>;
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

/** How an actor stands in histories: `admin`, or the id of the key or the schedule. */
export function actorOf(principal: Principal): string {
  switch (principal.kind) {
    case "admin":
      return "admin";
    case "key":
      return principal.keyId;
    case "schedule":
      return principal.scheduleId;
  }
}
