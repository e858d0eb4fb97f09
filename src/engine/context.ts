import type { z } from "zod";
import type { Config } from "../config.ts";
import type { Singleton } from "../contract/submission.ts";
import type { Database } from "../ports/database.ts";
import type { DeliveryStore, EventRecord, EventStore } from "../ports/delivery-store.ts";
import type { EventLogStore } from "../ports/event-log.ts";
import type { EventTypeStore } from "../ports/event-type-store.ts";
import type { KeyStore } from "../ports/key-store.ts";
import type { NamespaceRecord, NamespaceStore } from "../ports/namespace-store.ts";
import type { DispatchMessage, Queue } from "../ports/queue.ts";
import type { Runtime } from "../ports/runtime.ts";
import type { ScheduleStore } from "../ports/schedule-store.ts";
import type { TaskCache } from "../ports/task-cache.ts";
import type { TaskTypeStore } from "../ports/task-type-store.ts";
import type { TaskRecord, TaskStore } from "../ports/task-store.ts";
import type { Watchers } from "../ports/watchers.ts";
import type { EndpointStore } from "../ports/endpoint-store.ts";
import type { EmittedTypes, Jobs, Resources } from "./jobs/registry.ts";
import type { IsolateMemory } from "./isolate-memory.ts";
import type { Keyed } from "./keyed-request.ts";
import type { Principal } from "./principal.ts";
import type { Subscriber } from "./subscriber.ts";

/** The engine's own stores, as its services see them. */
export type EngineStores = {
  readonly namespaces: NamespaceStore;
  readonly keys: KeyStore;
  readonly taskTypes: TaskTypeStore;
  readonly schedules: ScheduleStore;
  readonly tasks: TaskStore;
  readonly taskCache: TaskCache;
  readonly watchers: Watchers;
  readonly webhooks: EndpointStore;
  readonly deliveries: DeliveryStore;
  readonly events: EventStore;
  readonly eventLog: EventLogStore;
  readonly eventTypes: EventTypeStore;
  readonly queue: Queue;
};

/** What an app keeps in namespaces. */
export type NamespaceContents = {
  /** Its collections whose rows prevent a namespace's deletion, by the names that callers know. */
  readonly collections: readonly string[];
  /**
   * Removes the app's rows in a namespace that was never active, before the namespace is deleted.
   * May run twice. Throws `DomainError` when it can't be deleted now.
   */
  readonly removeUnverified?: (input: {
    readonly ctx: CallerContext;
    readonly namespace: NamespaceRecord;
  }) => Promise<void>;
};

/** Events that are dispatched together, all of one namespace. */
export type DispatchedEvents = {
  readonly source: DispatchMessage["source"];
  readonly namespaceId: string;
  /** As the log has them. */
  readonly events: readonly EventRecord[];
  /** The tasks whose outboxes held them, as read; none for other sources. */
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

/** A submission's target, by its `kind`; the kind's own schema defines the rest. */
export type Submitted = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** One kind of thing that can be submitted, alone, in a list, or by a schedule. */
export type SubmissionTarget = {
  readonly kind: string;
  readonly schema: z.ZodObject;
  /** Why a schedule can't submit it, as a caller is told; null: it can. */
  readonly onceOnly: string | null;
  /** Whether only one task at a time works for its resource, so it needs no singleton key. */
  readonly isOwnSingleton: boolean;
  /** Whether it creates nothing but its task; see `submitOnce`. */
  readonly insertDecides: boolean;
  /** An example for the API's description; null: none. */
  readonly example: Submitted | null;
  /**
   * Creates its task. It is not called when `keyed` already has a task, but two simultaneous
   * requests both call it, so anything that it creates besides the task must be the same for both.
   * `whenBusy` applies to a kind that is its own singleton; without it the running task is
   * returned.
   */
  readonly submit: (input: {
    readonly ctx: NamespaceContext;
    readonly target: Submitted;
    readonly keyed: Keyed | null;
    readonly whenBusy?: WhenBusy;
  }) => Promise<TaskRecord>;
};

/** What happens to a submission while another task runs for the same resource; see `Singleton`. */
export type WhenBusy = z.infer<typeof Singleton>["when_busy"];

/** What every service gets. */
export type ServiceContext = {
  readonly config: Config;
  readonly runtime: Runtime;
  readonly stores: EngineStores;
  /** What apps and jobs build their own stores from. */
  readonly database: Database;
  /** The worker's environment, for jobs. */
  readonly env: unknown;
  readonly jobs: Jobs;
  readonly resources: Resources;
  /** The deployer's own events that jobs send. */
  readonly emittedTypes: EmittedTypes;
  readonly targets: ReadonlyMap<string, SubmissionTarget>;
  readonly contents: readonly NamespaceContents[];
  /** The handlers of dispatched events, in order. */
  readonly handlers: readonly EventHandler[];
  /** The deployer's own, by name. */
  readonly subscribers: ReadonlyMap<string, Subscriber>;
  readonly memory: IsolateMemory;
  /** One check per service that nothing works without; each rejects when it is down. */
  readonly readiness: Readonly<Record<string, () => Promise<void>>>;
};

/** A service call by an authenticated caller. */
export type CallerContext = ServiceContext & { readonly principal: Principal };

/** A service call inside one namespace that the caller can access. */
export type NamespaceContext = CallerContext & {
  readonly namespace: Pick<NamespaceRecord, "_id" | "name">;
};
