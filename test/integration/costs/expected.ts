import type { Counted } from "./meter.ts";

/** What one operation may ask of each service, and what the design allows it. */
export type Cost = Counted & {
  /** MongoDB operations on what the job works on, and on the resource that shows its status. */
  readonly ownData?: readonly string[];
  /** Redis, MongoDB (without own data), QStash; null where the design names no limit. */
  readonly limit: readonly [redis: number, mongo: number, qstash: number] | null;
};

const NOTHING = { redis: [], mongo: [], qstash: [] } as const;

/** Claiming: what the task is, and the conditional write that takes the lease. Ending: one write, and who listens. */
export const RUN = [
  "find tasks",
  "findAndModify tasks",
  "findAndModify tasks",
  "find webhooks",
] as const;

/** The batch shows PROCESSING and is read by the same operation; what there is to do, and into what. */
const BATCH_START = [
  "findAndModify batches",
  "find objects",
  "aggregate objects",
  "find collections",
] as const;

/** Up to 100 objects. */
const BATCH_STEP = ["find objects", "update documents"] as const;

const BATCH_END = ["findAndModify batches"] as const;

/** What requests cost, as exact lists. A message of the queue is counted where it is published. */
export const REQUEST_COSTS = {
  "poll, cached": { ...NOTHING, redis: ["GET"], limit: [1, 0, 0] },
  "poll of an ended task, again in one isolate": { ...NOTHING, limit: [1, 0, 0] },
  "poll, not cached: from the record, and cached again": {
    ...NOTHING,
    redis: ["GET", "EVAL"],
    mongo: ["find tasks"],
    limit: null,
  },
  "list, one page": { ...NOTHING, mongo: ["find tasks"], limit: [0, 1, 0] },
  "submit a batch": {
    redis: ["EVAL"],
    mongo: ["find batches", "insert tasks", "findAndModify batches"],
    qstash: ["publish /internal/jobs/run"],
    limit: [1, 3, 1],
  },
  "kill a PENDING task, no subscriber": {
    redis: ["EVAL"],
    mongo: [
      "find tasks",
      "findAndModify tasks",
      "findAndModify batches",
      "find webhooks",
      // Its children.
      "find tasks",
    ],
    // Takes the task's own message back.
    qstash: ["delete /v2/messages"],
    limit: null,
  },
  "kill a running task: the request": {
    redis: ["EVAL"],
    // The last: its children.
    mongo: ["find tasks", "findAndModify tasks", "find tasks"],
    qstash: [],
    limit: null,
  },
  "publish an event, with an endpoint": {
    // Whether anybody streams the namespace's events.
    redis: ["EXISTS"],
    mongo: ["find event_types", "insert events", "find webhooks"],
    qstash: ["publish /internal/events/dispatch"],
    limit: null,
  },
  "read the log of events, nothing new": {
    ...NOTHING,
    // What has no position yet, positions, events.
    mongo: ["find events", "find event_positions", "find events"],
    limit: null,
  },
  "an API key's first request in an isolate": { ...NOTHING, mongo: ["find keys"], limit: null },
  "an API key's next requests within 60 s": { ...NOTHING, limit: null },
  "a namespace's first request in an isolate": {
    ...NOTHING,
    mongo: ["find namespaces"],
    limit: null,
  },
} as const satisfies Record<string, Cost>;

/** What work behind the queue and on cron costs. */
export const WORK_COSTS = {
  "a job of one invocation, no subscriber": {
    redis: ["EVAL", "EVAL"],
    mongo: RUN,
    ownData: [...BATCH_START, ...BATCH_STEP, ...BATCH_END],
    qstash: [],
    limit: [4, 4, 0],
  },
  "a job of one invocation, with subscribers": {
    redis: ["EVAL", "EVAL"],
    mongo: RUN,
    ownData: [...BATCH_START, ...BATCH_STEP, ...BATCH_END],
    qstash: ["publish /internal/events/dispatch"],
    limit: [4, 4, 1],
  },
  "each heartbeat (at most one a second)": {
    ...NOTHING,
    redis: ["EVAL"],
    mongo: ["findAndModify tasks"],
    limit: null,
  },
  "a batch of 2,000 objects, without heartbeats": {
    redis: ["EVAL", "EVAL"],
    mongo: RUN,
    ownData: [...BATCH_START, ...Array.from({ length: 20 }, () => BATCH_STEP).flat(), ...BATCH_END],
    qstash: [],
    limit: [4, 4, 0],
  },
  "dispatch of a task's events, all at once": {
    ...NOTHING,
    // The hot copy of a task that has ended, which nothing would mend later.
    redis: ["EVAL"],
    mongo: [
      "find tasks",
      "update batches",
      "insert events",
      "find webhooks",
      "insert deliveries",
      "update tasks",
    ],
    limit: null,
  },
  "each webhook delivery at the first attempt": {
    ...NOTHING,
    mongo: ["update deliveries"],
    qstash: ["batch-item /internal/webhooks/deliver"],
    limit: [0, 1, 1],
  },
  "a task's events to the log by cron, no subscriber": {
    ...NOTHING,
    redis: ["EVAL"],
    // All of it once for up to 50 tasks of a namespace, and a look for more.
    mongo: ["update batches", "insert events", "find webhooks", "update tasks", "find tasks"],
    limit: null,
  },
  "the cron of every minute, idle": {
    ...NOTHING,
    mongo: [
      // To relay, to reap, UNKNOWN and silent, to dispatch.
      ...Array.from({ length: 5 }, () => "find tasks"),
      "find schedules",
      // To dispatch, and with held deliveries to look after.
      "find webhooks",
      "find webhooks",
      // What was published.
      "find events",
      "find deliveries",
    ],
    limit: null,
  },
  "the daily cron, idle": {
    ...NOTHING,
    mongo: ["find tasks", "find events", "find event_positions", "find deliveries"],
    limit: null,
  },
} as const satisfies Record<string, Cost>;

/** The operations of a table, in its order. */
export function keysOf<Table extends object>(table: Table): (keyof Table)[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a literal has no keys but its own
  return Object.keys(table) as (keyof Table)[];
}
