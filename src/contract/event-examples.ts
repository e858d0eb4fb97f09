import type { EVENT_CATALOGUE } from "./event.ts";
import type { Task } from "./task.ts";

type EventType = (typeof EVENT_CATALOGUE)[number]["type"];

const AT = {
  created: "2026-01-31T12:00:00.000Z",
  started: "2026-01-31T12:00:00.250Z",
  progressed: "2026-01-31T12:00:10.500Z",
  ended: "2026-01-31T12:00:21.000Z",
} as const;

const COLLECTION_ID = "col_019c13d2a1007a018a01000000000001";
const BATCH_ID = "batch_019c13d2a1007a018a01000000000002";
const BUCKET_ID = "bkt_019c13d2a1007a018a01000000000003";

/** A task that was just accepted. */
const CREATED: Task = {
  task_id: "tsk_019c13d2a1007a018a01000000000004",
  task_type: "api_buckets_batches_process",
  status: "PENDING",
  inputs: [BATCH_ID],
  outputs: null,
  additional_data: { batch_id: BATCH_ID, bucket_id: BUCKET_ID },
  error_message: null,
  namespace_id: "ns_019c13d2a1007a018a01000000000005",
  created_at: AT.created,
  updated_at: AT.created,
  started_at: null,
  completed_at: null,
  progress: null,
  attempt: 0,
  max_attempts: 3,
  cancel: null,
  last_error: null,
  tags: ["example"],
  parent_task_id: null,
  retry_of: null,
  version: 1,
  sequence: 1,
  priority: "normal",
  metadata: {},
  not_before: null,
  expires_at: null,
  singleton_key: null,
  killable: true,
};

const STARTED: Task = {
  ...CREATED,
  status: "PROCESSING",
  updated_at: AT.started,
  started_at: AT.started,
  attempt: 1,
  version: 2,
  sequence: 2,
};

const PROGRESSED: Task = {
  ...STARTED,
  updated_at: AT.progressed,
  progress: { completed: 200, total: 400, unit: "objects", message: null },
  version: 3,
  sequence: 3,
};

const ENDED = { updated_at: AT.ended, completed_at: AT.ended, version: 4, sequence: 4 } as const;

const COMPLETED: Task = {
  ...PROGRESSED,
  ...ENDED,
  status: "COMPLETED",
  outputs: [{ collection_id: COLLECTION_ID, documents_written: 400 }],
  progress: { completed: 400, total: 400, unit: "objects", message: null },
};

const ERROR = "The batch's collection no longer exists.";

const FAILED: Task = {
  ...PROGRESSED,
  ...ENDED,
  status: "FAILED",
  error_message: ERROR,
  last_error: {
    code: "collection_not_found",
    message: ERROR,
    retryable: false,
    attempt: 1,
    details: null,
  },
};

const CANCELED: Task = {
  ...PROGRESSED,
  ...ENDED,
  status: "CANCELED",
  cancel: {
    requested_at: AT.progressed,
    requested_by: "admin",
    acknowledged_at: AT.ended,
    reason: "submitted twice",
  },
};

/** What the `data` of an event of each type says, but for what every event has. */
const EXAMPLES: Readonly<Record<EventType, Readonly<Record<string, unknown>>>> = {
  "task.created": { task: CREATED },
  "task.started": { task: STARTED },
  "task.progressed": { task: PROGRESSED },
  "task.completed": { task: COMPLETED },
  "task.failed": { task: FAILED },
  "task.canceled": { task: CANCELED },
  "task.skipped": { task: { ...STARTED, ...ENDED, status: "SKIPPED" } },
  "collection.documents.written": {
    collection_id: COLLECTION_ID,
    bucket_id: BUCKET_ID,
    batch_id: BATCH_ID,
    documents_written: 400,
    task: COMPLETED,
  },
  "cluster.execution.completed": {
    cluster_id: "clu_019c13d2a1007a018a01000000000006",
    num_clusters: 8,
    documents_assigned: 400,
    inertia: 112.5,
    silhouette: 0.25,
    iterations: 40,
    task: { ...COMPLETED, task_type: "engine_cluster_build" },
  },
  "taxonomy.materialized": {
    taxonomy_id: "tax_019c13d2a1007a018a01000000000007",
    collection_id: COLLECTION_ID,
    documents_labelled: 390,
    documents_below_threshold: 10,
    task: { ...COMPLETED, task_type: "api_taxonomies_materialize" },
  },
  "namespace.migration.completed": {
    migration_id: "mig_019c13d2a1007a018a01000000000008",
    target_namespace_id: "ns_019c13d2a1007a018a01000000000009",
    target_name: "copy",
    copied: { buckets: 1, objects: 400 },
    task: { ...COMPLETED, task_type: "api_namespaces_migrations_run" },
  },
  "webhook.endpoint.disabled": {
    webhook_id: "whk_019c13d2a1007a018a0100000000000a",
    url: "https://example.com/waybill",
    reason: "the endpoint answered 410 Gone",
    failing_since: AT.created,
  },
};

/** What an event of a type may say in its `data`; null for a type that there is not. */
export function exampleOf(type: string): Readonly<Record<string, unknown>> | null {
  const examples: Readonly<Record<string, Readonly<Record<string, unknown>>>> = EXAMPLES;
  return Object.hasOwn(examples, type) ? (examples[type] ?? null) : null;
}
