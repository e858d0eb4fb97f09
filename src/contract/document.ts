import { z } from "zod";
import { Metadata, oneOrMany, PageRequest, Timestamp, TimeRange } from "./common.ts";
import { CollectionId, DocumentId, NamespaceId, ObjectId } from "./ids.ts";

/** `POST /v1/collections/{collection_id}/documents/list`. */
export const DocumentListRequest = z.strictObject({
  object_id: oneOrMany(ObjectId).optional(),
  metadata: Metadata.optional(),
  created_at: TimeRange.optional(),
  /** Whether each document includes its `embedding`; false when absent. */
  return_vectors: z.boolean().optional(),
  ...PageRequest,
});

export type DocumentListRequest = z.infer<typeof DocumentListRequest>;

/** The query of `GET …/documents/{document_id}`. */
export const DocumentQuery = z.strictObject({
  return_vectors: z.enum(["true", "false"]).optional(),
});

/** One chunk of an object, embedded; written by a batch. */
export const CollectionDocument = z.object({
  document_id: DocumentId,
  namespace_id: NamespaceId,
  collection_id: CollectionId,
  object_id: ObjectId,
  /** From 0, in the order of the object's text. */
  chunk_index: z.int(),
  text: z.string(),
  metadata: Metadata,
  /** What later jobs added to the document. */
  enrichments: z.record(z.string(), z.unknown()),
  /** Only when asked for. */
  embedding: z.array(z.number()).optional(),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type CollectionDocument = z.infer<typeof CollectionDocument>;
