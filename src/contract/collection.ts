import { z } from "zod";
import { Metadata, Timestamp } from "./common.ts";
import { CollectionId, NamespaceId, ResourceName, TaskId } from "./ids.ts";
import { TaskStatusEnum } from "./status.ts";

const EMBEDDERS = ["hashed-ngram-256"] as const;

/** What makes a collection's vectors. */
export const Embedder = z.enum(EMBEDDERS, { error: `expected one of: ${EMBEDDERS.join(", ")}` });

export type Embedder = z.infer<typeof Embedder>;

export const DEFAULT_EMBEDDER: Embedder = "hashed-ngram-256";

/** `POST /v1/collections`. */
export const CreateCollectionRequest = z.strictObject({
  name: ResourceName,
  /** Fixed for the life of the collection; `hashed-ngram-256` when absent. */
  embedder: Embedder.optional(),
  metadata: Metadata.optional(),
});

export type CreateCollectionRequest = z.infer<typeof CreateCollectionRequest>;

/**
 * A type that was seen, when it was first seen, and by which task; null: declared when the
 * collection was created.
 */
const SeenType = z.object({
  /** `string`, `number` or `boolean`; for vectors, the embedder and the dimensions. */
  type: z.string(),
  first_seen_at: Timestamp,
  task_id: TaskId.nullable(),
});

/**
 * What a collection's documents contain: what was declared, and what batches have written since.
 */
const CollectionSchema = z.object({
  embedding: z.object({ dimensions: z.int() }),
  /** The metadata fields of the documents written, by name; up to 200. */
  fields: z.array(z.object({ name: z.string(), types: z.array(SeenType) })),
  /** Whether there are more fields than are listed. */
  more_fields: z.boolean(),
  /** Fields written with more than one type, and vectors that differ from the declaration. */
  conflicts: z.array(
    z.object({
      kind: z.enum(["field", "vector"]),
      /** Null for vectors. */
      field: z.string().nullable(),
      types: z.array(SeenType),
    }),
  ),
});

/** Holds the documents that batches write. */
export const Collection = z.object({
  collection_id: CollectionId,
  namespace_id: NamespaceId,
  name: z.string(),
  status: TaskStatusEnum,
  embedder: z.string(),
  schema: CollectionSchema,
  metadata: Metadata,
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type Collection = z.infer<typeof Collection>;
