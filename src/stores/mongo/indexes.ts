import { BY_TIME, type IndexFields, ofResource, plain, unique } from "../../database/indexes.ts";
import type { Index } from "../../ports/database.ts";

/** The index for a scan for due work or old rows. */
const TASK_QUEUES: readonly IndexFields[] = [
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
 * The engine's own indexes. The unique ones are part of the logic: only they make names, keys and
 * hashes unique. None is partial, sparse or TTL, since not every database with MongoDB's protocol
 * supports those.
 */
export const ENGINE_INDEXES: readonly Index[] = [
  unique("namespaces", { name: 1 }),
  plain("namespaces", BY_TIME),

  unique("keys", { hash: 1 }),
  plain("keys", BY_TIME),

  ...ofResource("task_types"),
  plain("task_types", { sealed_secret: 1 }),

  unique("event_types", { namespace_id: 1, name: 1 }),

  plain("tasks", { namespace_id: 1, ...BY_TIME }),
  unique("tasks", { namespace_id: 1, idempotency_slot: 1 }),
  unique("tasks", { namespace_id: 1, singleton_slot: 1 }),
  unique("tasks", { namespace_id: 1, concurrency_slot: 1 }),
  plain("tasks", { namespace_id: 1, singleton_key: 1, status: 1, created_at: 1 }),
  plain("tasks", { namespace_id: 1, concurrency_key: 1, status: 1, created_at: 1 }),
  ...TASK_FILTERS.map((field) => plain("tasks", { namespace_id: 1, [field]: 1, ...BY_TIME })),
  ...TASK_QUEUES.map((key) => plain("tasks", key)),

  ...ofResource("schedules"),
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
