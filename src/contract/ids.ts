import { z } from "zod";

/** The prefix of each kind of id, so that an id shows what it names. */
export const ID_PREFIXES = {
  namespace: "ns",
  key: "key",
  bucket: "bkt",
  object: "obj",
  collection: "col",
  document: "doc",
  batch: "batch",
  cluster: "clu",
  task: "tsk",
  job: "job",
  event: "evt",
  webhook: "whk",
  delivery: "dlv",
  taskType: "ttp",
  eventType: "ety",
  schedule: "sch",
  taxonomy: "tax",
  migration: "mig",
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

/**
 * The schema of one kind of id: its prefix and a time-ordered 128-bit id (UUIDv7, RFC 9562) as 32
 * lower-case hexadecimal digits.
 */
function idOf(kind: IdKind) {
  const prefix = ID_PREFIXES[kind];
  return z.string().regex(new RegExp(`^${prefix}_[0-9a-f]{32}$`), {
    error: `expected a ${kind} id: "${prefix}_" and 32 hexadecimal digits`,
  });
}

export const NamespaceId = idOf("namespace");
export const KeyId = idOf("key");
export const BucketId = idOf("bucket");
export const ObjectId = idOf("object");
export const CollectionId = idOf("collection");
export const DocumentId = idOf("document");
export const BatchId = idOf("batch");
export const ClusterId = idOf("cluster");
export const TaskId = idOf("task");
export const EventId = idOf("event");
export const WebhookId = idOf("webhook");
export const DeliveryId = idOf("delivery");
export const TaxonomyId = idOf("taxonomy");
export const MigrationId = idOf("migration");
export const ScheduleId = idOf("schedule");

/**
 * A resource's name: unique in its namespace, and never mistaken for an id, because a name may not
 * start with an id prefix and an underscore.
 */
export const ResourceName = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, {
    error: "expected letters, digits, '.', '_' and '-', starting with a letter or a digit",
  })
  .refine((name) => !/^[a-z]+_[0-9a-f]{32}$/.test(name), {
    error: "a name may not look like an id",
  });

/** A resource in a path or body: its id or its unique name. */
export const IdOrName = z.string().min(1).max(160);
