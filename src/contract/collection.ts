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

/** A type that was seen, when first, and by which task; null: declared at the collection's making. */
const SeenType = z.object({
  /** `string`, `number` or `boolean`; of vectors the embedder and the dimensions. */
  type: z.string(),
  first_seen_at: Timestamp,
  task_id: TaskId.nullable(),
});

/** What a collection's documents are made of: what was declared, and what batches wrote since. */
const CollectionSchema = z.object({
  embedding: z.object({ dimensions: z.int() }),
  /** The metadata fields that documents were written with, by name; up to 200. */
  fields: z.array(z.object({ name: z.string(), types: z.array(SeenType) })),
  /** Whether there were more fields than are listed. */
  more_fields: z.boolean(),
  /** Fields that were written with more than one type, and vectors that are not as declared. */
  conflicts: z.array(
    z.object({
      kind: z.enum(["field", "vector"]),
      /** Null for vectors. */
      field: z.string().nullable(),
      types: z.array(SeenType),
    }),
  ),
});

/** A place for the documents that batches write. */
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
