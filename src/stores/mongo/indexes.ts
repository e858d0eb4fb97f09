import { COPIED_KINDS } from "../../ports/copied-kinds.ts";

type Fields = Readonly<Record<string, 1 | -1>>;

/** An index that a deployment must have; `scripts` and stand-ins create it. */
export type Index = {
  readonly collection: string;
  readonly name: string;
  readonly key: Record<string, 1 | -1>;
  readonly unique?: true;
};

/** Lists in order of time, newest first by default; an index is walked in either direction. */
const BY_TIME = { created_at: -1, _id: -1 } as const;

/** What a scan for due work or old rows walks along. */
const TASK_QUEUES: readonly Fields[] = [
  { status: 1, relay_at: 1 },
  { status: 1, lease_expires_at: 1 },
  { outbox_at: 1 },
  { completed_at: 1 },
];

/** The filters of a task list that are worth an index each, followed by the list's order. */
const TASK_FILTERS = [
  "status",
  "task_type",
  "tags",
  "resource_id",
  "parent_task_id",
  "metadata_terms",
] as const;

/** The filters of a namespace's log of deliveries that name no endpoint, event or task. */
const DELIVERY_FILTERS = ["state", "event_terms", "response_codes"] as const;

/**
 * Every index of the deployment. The unique ones are part of the logic: names, keys and hashes are
 * unique because of them alone. None is partial, sparse or TTL, which not every database that
 * speaks MongoDB's protocol has.
 */
export const INDEXES: readonly Index[] = [
  unique("namespaces", { name: 1 }),
  plain("namespaces", BY_TIME),

  unique("keys", { hash: 1 }),
  plain("keys", BY_TIME),

  unique("buckets", { namespace_id: 1, name: 1 }),
  plain("buckets", { namespace_id: 1, ...BY_TIME }),

  unique("objects", { bucket_id: 1, key: 1 }),
  plain("objects", { bucket_id: 1, ...BY_TIME }),
  plain("objects", { bucket_id: 1, _id: 1 }),

  unique("collections", { namespace_id: 1, name: 1 }),
  plain("collections", { namespace_id: 1, ...BY_TIME }),

  plain("documents", { collection_id: 1, ...BY_TIME }),
  plain("documents", { collection_id: 1, object_id: 1 }),
  plain("documents", { collection_id: 1, _id: 1 }),

  plain("batches", { bucket_id: 1, ...BY_TIME }),
  plain("batches", { collection_id: 1, status: 1 }),

  unique("task_types", { namespace_id: 1, name: 1 }),
  plain("task_types", { namespace_id: 1, ...BY_TIME }),
  plain("task_types", { sealed_secret: 1 }),

  unique("event_types", { namespace_id: 1, name: 1 }),

  unique("clusters", { namespace_id: 1, name: 1 }),
  plain("clusters", { namespace_id: 1, ...BY_TIME }),
  plain("cluster_models", { cluster_id: 1, task_id: 1 }),
  plain("cluster_models", { task_id: 1 }),

  plain("tasks", { namespace_id: 1, ...BY_TIME }),
  unique("tasks", { namespace_id: 1, idempotency_slot: 1 }),
  unique("tasks", { namespace_id: 1, singleton_slot: 1 }),
  unique("tasks", { namespace_id: 1, concurrency_slot: 1 }),
  plain("tasks", { namespace_id: 1, singleton_key: 1, status: 1, created_at: 1 }),
  plain("tasks", { namespace_id: 1, concurrency_key: 1, status: 1, created_at: 1 }),
  ...TASK_FILTERS.map((field) => plain("tasks", { namespace_id: 1, [field]: 1, ...BY_TIME })),
  ...TASK_QUEUES.map((key) => plain("tasks", key)),

  unique("taxonomies", { namespace_id: 1, name: 1 }),
  plain("taxonomies", { namespace_id: 1, ...BY_TIME }),

  unique("migrations", { namespace_id: 1, name: 1 }),
  plain("migrations", { namespace_id: 1, ...BY_TIME }),
  ...COPIED_KINDS.map(({ name }) => plain(name, { namespace_id: 1, _id: 1 })),

  unique("schedules", { namespace_id: 1, name: 1 }),
  plain("schedules", { namespace_id: 1, ...BY_TIME }),
  plain("schedules", { unsynced_at: 1 }),

  plain("webhooks", { namespace_id: 1, ...BY_TIME }),
  unique("webhooks", { namespace_id: 1, idempotency_slot: 1 }),
  plain("webhooks", { namespace_id: 1, status: 1, _id: 1 }),
  plain("webhooks", { outbox_at: 1 }),
  plain("webhooks", { "secrets.sealed": 1 }),
  plain("webhooks", { sealed_headers: 1 }),
  plain("webhooks", { holds_due_at: 1 }),

  plain("deliveries", { namespace_id: 1, ...BY_TIME }),
  plain("deliveries", { webhook_id: 1, ...BY_TIME }),
  plain("deliveries", { webhook_id: 1, state: 1, ...BY_TIME }),
  plain("deliveries", { event_id: 1, ...BY_TIME }),
  plain("deliveries", { task_id: 1, ...BY_TIME }),
  ...DELIVERY_FILTERS.map((field) =>
    plain("deliveries", { namespace_id: 1, [field]: 1, ...BY_TIME }),
  ),
  plain("deliveries", { webhook_id: 1, hold: 1, created_at: 1 }),
  plain("deliveries", { webhook_id: 1, task_id: 1, sequence: 1 }),
  plain("deliveries", { relay_at: 1 }),
  plain("deliveries", { created_at: 1 }),

  plain("events", { namespace_id: 1, task_id: 1, sequence: 1 }),
  plain("events", { namespace_id: 1, created_at: 1, _id: 1 }),
  plain("events", { created_at: 1 }),
  plain("events", { outbox_at: 1 }),
  plain("events", { namespace_id: 1, unplaced_at: 1, sequence: 1 }),

  unique("event_positions", { event_id: 1 }),
  plain("event_positions", { namespace_id: 1, created_at: 1 }),
  plain("event_positions", { created_at: 1 }),
];

function plain(collection: string, key: Fields): Index {
  return { collection, name: Object.keys(key).join("_"), key };
}

function unique(collection: string, key: Fields): Index {
  return { ...plain(collection, key), unique: true };
}
