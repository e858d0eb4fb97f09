import type { z } from "zod";
import type { BuiltInEventType } from "./event.ts";
import type { EVENT_PAYLOADS } from "./event-payload.ts";
import type { Task } from "./task.ts";

/** A task in the middle of its work. */
export const TASK_EXAMPLE: Task = {
  task_id: "tsk_019ab47c3f0e7d0f9a3b5c6d7e8f9a0b",
  task_type: "api_buckets_batches_process",
  status: "PROCESSING",
  inputs: ["batch_019ab47c3e0a7c41b2d3e4f5a6b7c8d9"],
  outputs: null,
  additional_data: {
    batch_id: "batch_019ab47c3e0a7c41b2d3e4f5a6b7c8d9",
    bucket_id: "bkt_019ab47c3a0b7e5f8c9d0a1b2c3d4e5f",
    collection_id: "col_019ab47c3b0c7f60ad1e2f3a4b5c6d7e",
    job_id: "job_019ab47c3f0e7d0f9a3b5c6d7e8f9a0c",
  },
  error_message: null,
  namespace_id: "ns_019ab47c390a7b4c9d8e7f6a5b4c3d2e",
  created_at: "2026-11-24T01:02:03.456Z",
  updated_at: "2026-11-24T01:02:05.120Z",
  started_at: "2026-11-24T01:02:03.610Z",
  completed_at: null,
  progress: { completed: 120, total: 400, unit: "objects", message: null },
  attempt: 1,
  max_attempts: 3,
  cancel: null,
  last_error: null,
  tags: [],
  parent_task_id: null,
  retry_of: null,
  version: 4,
  sequence: 2,
  priority: "normal",
  metadata: {},
  not_before: null,
  expires_at: null,
  singleton_key: null,
  killable: true,
};

type Payload<Type extends BuiltInEventType> = z.input<(typeof EVENT_PAYLOADS)[Type]>;

const TIMESTAMP = "2026-11-24T01:02:09.870Z";
const NAMESPACE_ID = TASK_EXAMPLE.namespace_id;
const COLLECTION_ID = "col_019ab47c3b0c7f60ad1e2f3a4b5c6d7e";

/** The fields that every event of the example's task carries besides its own. */
function dataOf(sequence: number, changes: Partial<Task>) {
  return {
    namespace_id: NAMESPACE_ID,
    sequence,
    task: { ...TASK_EXAMPLE, sequence, version: sequence + 2, ...changes },
  };
}

const NOT_STARTED = { status: "PENDING", started_at: null, progress: null, attempt: 0 } as const;
const DONE = { status: "COMPLETED", completed_at: TIMESTAMP, updated_at: TIMESTAMP } as const;
const OUTPUTS = [{ collection_id: COLLECTION_ID, documents_written: 1200 }];
const ERROR = {
  code: "collection_not_found",
  message: "The collection no longer exists.",
  retryable: false,
  attempt: 1,
  details: null,
};

/** An example of each of Waybill's own events, as an endpoint gets it. */
export const EVENT_EXAMPLES: { readonly [Type in BuiltInEventType]: Payload<Type> } = {
  "task.created": { type: "task.created", timestamp: TIMESTAMP, data: dataOf(1, NOT_STARTED) },
  "task.started": { type: "task.started", timestamp: TIMESTAMP, data: dataOf(2, {}) },
  "task.progressed": { type: "task.progressed", timestamp: TIMESTAMP, data: dataOf(3, {}) },
  "task.completed": {
    type: "task.completed",
    timestamp: TIMESTAMP,
    data: dataOf(4, { ...DONE, outputs: OUTPUTS }),
  },
  "task.failed": {
    type: "task.failed",
    timestamp: TIMESTAMP,
    data: dataOf(4, { ...DONE, status: "FAILED", error_message: ERROR.message, last_error: ERROR }),
  },
  "task.canceled": {
    type: "task.canceled",
    timestamp: TIMESTAMP,
    data: dataOf(4, {
      ...DONE,
      status: "CANCELED",
      cancel: {
        requested_at: "2026-11-24T01:02:08.100Z",
        requested_by: "admin",
        acknowledged_at: TIMESTAMP,
        reason: "submitted twice",
      },
    }),
  },
  "task.skipped": {
    type: "task.skipped",
    timestamp: TIMESTAMP,
    data: dataOf(3, { ...DONE, status: "SKIPPED" }),
  },
  "collection.documents.written": {
    type: "collection.documents.written",
    timestamp: TIMESTAMP,
    data: {
      ...dataOf(3, { ...DONE, outputs: OUTPUTS }),
      collection_id: COLLECTION_ID,
      bucket_id: "bkt_019ab47c3a0b7e5f8c9d0a1b2c3d4e5f",
      batch_id: "batch_019ab47c3e0a7c41b2d3e4f5a6b7c8d9",
      documents_written: 1200,
      embedding: { embedder: "hashed-ngram-256", dimensions: 256, declared_dimensions: 256 },
      fields: [{ name: "year", types: ["number"] }],
      more_fields: false,
    },
  },
  "cluster.execution.completed": {
    type: "cluster.execution.completed",
    timestamp: TIMESTAMP,
    data: {
      ...dataOf(3, { ...DONE, task_type: "engine_cluster_build" }),
      cluster_id: "clu_019ab47c3c1d7a82b3c4d5e6f7a8b9c0",
      num_clusters: 6,
      documents_assigned: 1200,
      inertia: 410.25,
      silhouette: 0.31,
      iterations: 40,
    },
  },
  "taxonomy.materialized": {
    type: "taxonomy.materialized",
    timestamp: TIMESTAMP,
    data: {
      ...dataOf(3, { ...DONE, task_type: "api_taxonomies_materialize" }),
      taxonomy_id: "tax_019ab47c3c2e7b93a4d5e6f7a8b9c0d1",
      collection_id: COLLECTION_ID,
      documents_labelled: 1100,
      documents_below_threshold: 100,
    },
  },
  "namespace.migration.completed": {
    type: "namespace.migration.completed",
    timestamp: TIMESTAMP,
    data: {
      ...dataOf(3, { ...DONE, task_type: "api_namespaces_migrations_run" }),
      migration_id: "mig_019ab47c3c3f7ca4b5e6f7a8b9c0d1e2",
      target_namespace_id: "ns_019ab47c3c407db5a6f7a8b9c0d1e2f3",
      target_name: "production-eu",
      copied: { buckets: 2, objects: 400, collections: 1, documents: 1200 },
    },
  },
  "webhook.endpoint.disabled": {
    type: "webhook.endpoint.disabled",
    timestamp: TIMESTAMP,
    data: {
      namespace_id: NAMESPACE_ID,
      sequence: 1,
      webhook_id: "whk_019ab47c3c517ec6b7a8b9c0d1e2f3a4",
      url: "https://example.com/waybill",
      reason: "it answered 410 Gone",
      failing_since: "2026-11-24T01:02:03.456Z",
    },
  },
};
