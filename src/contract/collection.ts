import { z } from "zod";
import { Metadata, Timestamp } from "./common.ts";
import { CollectionId, NamespaceId, ResourceName } from "./ids.ts";
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

/** A place for the documents that batches write. */
export const Collection = z.object({
  collection_id: CollectionId,
  namespace_id: NamespaceId,
  name: z.string(),
  status: TaskStatusEnum,
  embedder: z.string(),
  schema: z.object({ embedding: z.object({ dimensions: z.int() }) }),
  metadata: Metadata,
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type Collection = z.infer<typeof Collection>;
