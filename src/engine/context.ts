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
  /** Its collections whose rows keep a namespace from being deleted, as callers call them. */
  readonly collections: readonly string[];
  /**
   * Removes what the app has in a namespace that was never in service, before that is deleted. May
   * run twice. Throws `DomainError` when it can't be deleted now.
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

/** What a caller submits, by its `kind`; the kind's own schema says what else is in it. */
export type Submitted = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** One kind of thing that can be submitted, alone, in a list, or by a schedule. */
export type SubmissionTarget = {
  readonly kind: string;
  readonly schema: z.ZodObject;
  /** Why a schedule can't submit it, as a caller is told; null: it can. */
  readonly onceOnly: string | null;
  /** Whether one task at a time works for what it names, so that it needs no singleton key. */
  readonly isOwnSingleton: boolean;
  /** Whether it makes nothing but its task; see `submitOnce`. */
  readonly insertDecides: boolean;
  /** One that the API's description may show; null: none. */
  readonly example: Submitted | null;
  /**
   * Makes its task. It is not called when `keyed` stands for a task already, but twins at once both
   * call it: what it makes besides the task must be one thing for both. `whenBusy` is for an own singleton; without it the task at work is the answer.
   */
  readonly submit: (input: {
    readonly ctx: NamespaceContext;
    readonly target: Submitted;
    readonly keyed: Keyed | null;
    readonly whenBusy?: WhenBusy;
  }) => Promise<TaskRecord>;
};

/** What becomes of a submission while another task is at work for the same; see `Singleton`. */
export type WhenBusy = z.infer<typeof Singleton>["when_busy"];

/** What every service gets. */
export type ServiceContext = {
  readonly config: Config;
  readonly runtime: Runtime;
  readonly stores: EngineStores;
  /** What apps and jobs make their own stores of. */
  readonly database: Database;
  /** The worker's environment, for jobs. */
  readonly env: unknown;
  readonly jobs: Jobs;
  readonly resources: Resources;
  /** The events of the deployer's own that jobs send. */
  readonly emittedTypes: EmittedTypes;
  readonly targets: ReadonlyMap<string, SubmissionTarget>;
  readonly contents: readonly NamespaceContents[];
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
