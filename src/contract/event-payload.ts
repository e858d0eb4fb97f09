import { z } from "zod";
import { Timestamp } from "./common.ts";
import type { BuiltInEventType } from "./event.ts";
import {
  BatchId,
  BucketId,
  ClusterId,
  CollectionId,
  MigrationId,
  NamespaceId,
  TaskId,
  TaxonomyId,
  WebhookId,
} from "./ids.ts";
import { TaskStatusEnum } from "./status.ts";
import { Task } from "./task.ts";

/** What Waybill adds to every event's `data`. */
export const EventFrame = {
  namespace_id: NamespaceId,
  /**
   * The event's number within its task, starting at 1 without gaps; 0 for an event without a
   * number.
   */
  sequence: z.int().min(0),
} as const;

/** A task too large to send whole: without inputs and outputs, or only its essentials. */
const TaskHead = Task.partial().extend({
  task_id: TaskId,
  task_type: z.string(),
  status: TaskStatusEnum,
});

/** Where what was left out of a large payload can be fetched. */
const Links = z.record(z.string(), z.string());

/** What Waybill may add to `data`. */
export const EventExtras = {
  task: z.union([Task, TaskHead]).optional(),
  links: Links.optional(),
  /** An example sent by `POST /v1/webhooks/{webhook_id}/test`: nothing has happened. */
  test: z.literal(true).optional(),
} as const;

/** The mark of a test event, which every type's schema allows. */
const { test } = EventExtras;

/** The shape of the documents that a job wrote. */
export const WrittenForm = {
  embedding: z.object({
    embedder: z.string(),
    /** Both null when a checkpoint of an earlier version didn't say. */
    dimensions: z.int().nullable(),
    declared_dimensions: z.int().nullable(),
  }),
  /** Their metadata fields, with the types of the values. */
  fields: z.array(
    z.object({ name: z.string(), types: z.array(z.enum(["string", "number", "boolean"])) }),
  ),
  /** There were more fields than are listed. */
  more_fields: z.boolean(),
} as const;

/**
 * The body sent for an event of one type. Fields may be added at any time; receivers ignore those
 * that they don't know.
 */
function payload<Type extends BuiltInEventType, Data extends z.ZodType>(type: Type, data: Data) {
  return z.object({ type: z.literal(type), timestamp: Timestamp, data });
}

/** The same for an event of a task: whole, or thin with links where it would be over 20 KB. */
function taskPayload<Type extends BuiltInEventType, About extends z.ZodRawShape>(
  type: Type,
  about: About,
) {
  const whole = z.object({ ...EventFrame, ...about, task: Task, test });
  const thin = z
    .object(about)
    .partial()
    .extend({ ...EventFrame, task: TaskHead.optional(), links: Links });
  return payload(type, z.union([whole, thin]));
}

/** The payload of each of Waybill's own events, at its current version. */
export const EVENT_PAYLOADS = {
  "task.created": taskPayload("task.created", {}),
  "task.started": taskPayload("task.started", {}),
  "task.progressed": taskPayload("task.progressed", {}),
  "task.completed": taskPayload("task.completed", {}),
  "task.failed": taskPayload("task.failed", {}),
  "task.canceled": taskPayload("task.canceled", {}),
  "task.skipped": taskPayload("task.skipped", {}),
  "collection.documents.written": taskPayload("collection.documents.written", {
    collection_id: CollectionId,
    bucket_id: BucketId,
    batch_id: BatchId,
    documents_written: z.int().min(1),
    // Absent in events of earlier versions.
    ...z.object(WrittenForm).partial().shape,
  }),
  "cluster.execution.completed": taskPayload("cluster.execution.completed", {
    cluster_id: ClusterId,
    num_clusters: z.int(),
    documents_assigned: z.int(),
    inertia: z.number(),
    silhouette: z.number().nullable(),
    iterations: z.int(),
  }),
  "taxonomy.materialized": taskPayload("taxonomy.materialized", {
    taxonomy_id: TaxonomyId,
    collection_id: CollectionId,
    documents_labelled: z.int(),
    documents_below_threshold: z.int(),
  }),
  "namespace.migration.completed": taskPayload("namespace.migration.completed", {
    migration_id: MigrationId,
    target_namespace_id: NamespaceId,
    target_name: z.string(),
    /** The number of rows of each kind. */
    copied: z.record(z.string(), z.int().min(0)),
  }),
  "webhook.endpoint.disabled": payload(
    "webhook.endpoint.disabled",
    z.object({
      ...EventFrame,
      webhook_id: WebhookId,
      url: z.string(),
      reason: z.string(),
      failing_since: Timestamp.nullable(),
      test,
    }),
  ),
} satisfies Readonly<Record<BuiltInEventType, z.ZodType>>;
