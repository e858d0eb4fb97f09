import type * as c from "./contract.ts";
import { keyed, of, ofBody, once, page, remove, rows, safe } from "./route.ts";
import { deliveries, events, eventTypes, webhooks } from "./webhook-routes.ts";

/**
 * Every route of the API and the method that it becomes. To add one: a line here, or in
 * `webhook-routes.ts` (the function says whether it may be repeated, see {@link Repeat}), and its
 * types in `contract.ts`. A test compares the table with `/openapi.json`.
 */
export const routes = {
  tasks: {
    /** The latest status of a task. `query: { source: "cache" }` asks the cache alone. */
    get: safe("GET /v1/tasks/{task_id}", of<{ answer: c.Task; query?: { source?: "cache" } }>()),
    /** A page of the tasks that meet a filter, the newest first. */
    list: page("POST /v1/tasks/list", ofBody<{ body?: c.TaskListRequest; answer: c.Task }>()),
    /** Submits a task of a registered type. */
    create: keyed("POST /v1/tasks", ofBody<{ body: c.CreateTaskRequest; answer: c.Task }>()),
    /** Asks for a task's cancellation; again answers the same. */
    kill: safe("POST /v1/tasks/{task_id}/kill", ofBody<{ body?: c.KillRequest; answer: c.Task }>()),
    /** The same as `kill`, for those who think of it as a deletion. */
    delete: safe("DELETE /v1/tasks/{task_id}", ofBody<{ body?: c.KillRequest; answer: c.Task }>()),
    /** Does a failed or canceled task again, as a new task; again answers the same one. */
    retry: safe("POST /v1/tasks/{task_id}/retry", of<{ answer: c.Task }>()),
    /** A task's audit trail. */
    history: safe("GET /v1/tasks/{task_id}/history", of<{ answer: c.TaskHistory }>()),
    /** Kills up to 100 of the tasks that a filter meets. */
    killMany: once("POST /v1/tasks/kill", ofBody<{ body: c.BulkRequest; answer: c.BulkOutcome }>()),
    /** Retries up to 100 of the tasks that a filter meets. */
    retryMany: once(
      "POST /v1/tasks/retry",
      ofBody<{ body: c.BulkRequest; answer: c.BulkOutcome }>(),
    ),
    /** An executor's report on its task; give the job's token as `key`. */
    report: safe("PATCH /v1/tasks/{task_id}", ofBody<{ body?: c.TaskReport; answer: c.Task }>()),
  },
  submissions: {
    /** Submits up to 100 tasks, each with its own outcome; rows without a key get one. */
    create: rows(
      "POST /v1/submissions",
      ofBody<{ body: c.SubmissionsRequest; answer: c.SubmissionsAnswer }>(),
    ),
  },
  taskTypes: {
    /** Registers a task type, or replaces what it says; `secret` only when it is new. */
    put: safe(
      "PUT /v1/task-types/{type}",
      ofBody<{ body: c.PutTaskTypeRequest; answer: c.TaskType | c.CreatedTaskType }>(),
    ),
    get: safe("GET /v1/task-types/{type}", of<{ answer: c.TaskType }>()),
    list: page(
      "POST /v1/task-types/list",
      ofBody<{ body?: c.TaskTypeListRequest; answer: c.TaskType }>(),
    ),
    delete: remove("DELETE /v1/task-types/{type}", of()),
  },
  schedules: {
    create: once(
      "POST /v1/schedules",
      ofBody<{ body: c.CreateScheduleRequest; answer: c.Schedule }>(),
    ),
    get: safe("GET /v1/schedules/{schedule_id}", of<{ answer: c.Schedule }>()),
    list: page(
      "POST /v1/schedules/list",
      ofBody<{ body?: c.ScheduleListRequest; answer: c.Schedule }>(),
    ),
    /** Changes what is given. */
    update: safe(
      "PATCH /v1/schedules/{schedule_id}",
      ofBody<{ body: c.UpdateScheduleRequest; answer: c.Schedule }>(),
    ),
    delete: remove("DELETE /v1/schedules/{schedule_id}", of()),
    /** Submits now what the schedule says. */
    run: keyed("POST /v1/schedules/{schedule_id}/run", of<{ answer: c.Task }>()),
    pause: safe("POST /v1/schedules/{schedule_id}/pause", of<{ answer: c.Schedule }>()),
    resume: safe("POST /v1/schedules/{schedule_id}/resume", of<{ answer: c.Schedule }>()),
  },
  namespaces: {
    create: once(
      "POST /v1/namespaces",
      ofBody<{ body: c.CreateNamespaceRequest; answer: c.Namespace }>(),
    ),
    get: safe("GET /v1/namespaces/{namespace_id}", of<{ answer: c.Namespace }>()),
    list: page(
      "POST /v1/namespaces/list",
      ofBody<{ body?: c.ResourceListRequest; answer: c.Namespace }>(),
    ),
    delete: remove("DELETE /v1/namespaces/{namespace_id}", of()),
  },
  migrations: {
    /** Plans the copy of a namespace, a DRAFT until it is started. */
    create: once(
      "POST /v1/namespaces/{namespace_id}/migrations",
      ofBody<{ body: c.CreateMigrationRequest; answer: c.Migration }>(),
    ),
    get: safe(
      "GET /v1/namespaces/{namespace_id}/migrations/{migration_id}",
      of<{ answer: c.Migration }>(),
    ),
    list: page(
      "POST /v1/namespaces/{namespace_id}/migrations/list",
      ofBody<{ body?: c.ResourceListRequest; answer: c.Migration }>(),
    ),
    /** Starts the copy; again answers the same task. */
    start: keyed(
      "POST /v1/namespaces/{namespace_id}/migrations/{migration_id}/start",
      ofBody<{ body?: c.StartMigrationRequest; answer: c.Task }>(),
    ),
    delete: remove("DELETE /v1/namespaces/{namespace_id}/migrations/{migration_id}", of()),
  },
  keys: {
    /** Makes a key; the answer is the only one that ever shows it. */
    create: once("POST /v1/keys", ofBody<{ body: c.CreateKeyRequest; answer: c.CreatedKey }>()),
    get: safe("GET /v1/keys/{key_id}", of<{ answer: c.Key }>()),
    list: page("POST /v1/keys/list", ofBody<{ body?: c.KeyListRequest; answer: c.Key }>()),
    /** Revokes a key. */
    delete: remove("DELETE /v1/keys/{key_id}", of()),
  },
  buckets: {
    create: once("POST /v1/buckets", ofBody<{ body: c.CreateBucketRequest; answer: c.Bucket }>()),
    get: safe("GET /v1/buckets/{bucket_id}", of<{ answer: c.Bucket }>()),
    list: page(
      "POST /v1/buckets/list",
      ofBody<{ body?: c.ResourceListRequest; answer: c.Bucket }>(),
    ),
    delete: remove("DELETE /v1/buckets/{bucket_id}", of()),
  },
  objects: {
    create: once(
      "POST /v1/buckets/{bucket_id}/objects",
      ofBody<{ body: c.CreateObjectRequest; answer: c.BucketObject }>(),
    ),
    /** Puts up to 1,000 objects, each with its own outcome. */
    createMany: once(
      "POST /v1/buckets/{bucket_id}/objects/batch",
      ofBody<{
        body: { readonly objects: readonly c.CreateObjectRequest[] };
        answer: c.CreateObjectsResponse;
      }>(),
    ),
    /** An object by its id or key. */
    get: safe("GET /v1/buckets/{bucket_id}/objects/{object_id}", of<{ answer: c.BucketObject }>()),
    list: page(
      "POST /v1/buckets/{bucket_id}/objects/list",
      ofBody<{ body?: c.ObjectListRequest; answer: c.BucketObject }>(),
    ),
    delete: remove("DELETE /v1/buckets/{bucket_id}/objects/{object_id}", of()),
  },
  batches: {
    /** Makes a batch, a DRAFT until it is submitted. */
    create: once(
      "POST /v1/buckets/{bucket_id}/batches",
      ofBody<{ body: c.CreateBatchRequest; answer: c.Batch }>(),
    ),
    get: safe("GET /v1/buckets/{bucket_id}/batches/{batch_id}", of<{ answer: c.Batch }>()),
    list: page(
      "POST /v1/buckets/{bucket_id}/batches/list",
      ofBody<{ body?: c.BatchListRequest; answer: c.Batch }>(),
    ),
    /** Submits a batch; again answers the same task. */
    submit: keyed(
      "POST /v1/buckets/{bucket_id}/batches/{batch_id}/submit",
      ofBody<{ body?: c.SubmissionOptions; answer: c.Task }>(),
    ),
    delete: remove("DELETE /v1/buckets/{bucket_id}/batches/{batch_id}", of()),
  },
  collections: {
    create: once(
      "POST /v1/collections",
      ofBody<{ body: c.CreateCollectionRequest; answer: c.Collection }>(),
    ),
    get: safe("GET /v1/collections/{collection_id}", of<{ answer: c.Collection }>()),
    list: page(
      "POST /v1/collections/list",
      ofBody<{ body?: c.ResourceListRequest; answer: c.Collection }>(),
    ),
    /** Deletes a collection with its documents. */
    delete: remove("DELETE /v1/collections/{collection_id}", of()),
  },
  documents: {
    /** `query: { return_vectors: "true" }` answers its `embedding` too. */
    get: safe(
      "GET /v1/collections/{collection_id}/documents/{document_id}",
      of<{ answer: c.CollectionDocument; query?: c.DocumentQuery }>(),
    ),
    list: page(
      "POST /v1/collections/{collection_id}/documents/list",
      ofBody<{ body?: c.DocumentListRequest; answer: c.CollectionDocument }>(),
    ),
    delete: remove("DELETE /v1/collections/{collection_id}/documents/{document_id}", of()),
  },
  clusters: {
    create: once(
      "POST /v1/clusters",
      ofBody<{ body: c.CreateClusterRequest; answer: c.Cluster }>(),
    ),
    get: safe("GET /v1/clusters/{cluster_id}", of<{ answer: c.Cluster }>()),
    list: page(
      "POST /v1/clusters/list",
      ofBody<{ body?: c.ResourceListRequest; answer: c.ClusterRow }>(),
    ),
    /** Finds the groups of the collections' documents; while a task does, answers that task. */
    execute: keyed(
      "POST /v1/clusters/{cluster_id}/execute",
      ofBody<{ body?: c.ExecuteClusterRequest; answer: c.Task }>(),
    ),
    delete: remove("DELETE /v1/clusters/{cluster_id}", of()),
  },
  taxonomies: {
    create: once(
      "POST /v1/taxonomies",
      ofBody<{ body: c.CreateTaxonomyRequest; answer: c.Taxonomy }>(),
    ),
    get: safe("GET /v1/taxonomies/{taxonomy_id}", of<{ answer: c.Taxonomy }>()),
    list: page(
      "POST /v1/taxonomies/list",
      ofBody<{ body?: c.ResourceListRequest; answer: c.Taxonomy }>(),
    ),
    /** Labels a collection's documents; while a task does, answers that task. */
    materialize: keyed(
      "POST /v1/taxonomies/{taxonomy_id}/materialize",
      ofBody<{ body: c.MaterializeRequest; answer: c.Task }>(),
    ),
    /** Deletes a taxonomy; the labels on documents stay. */
    delete: remove("DELETE /v1/taxonomies/{taxonomy_id}", of()),
  },
  webhooks,
  events,
  eventTypes,
  deliveries,
} as const;
