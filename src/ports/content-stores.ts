import type {
  InsertOutcome,
  Page,
  PageOptions,
  ResourceFilter,
  ResourceRecord,
} from "./resource-store.ts";

export type BucketRecord = ResourceRecord;

/** What a metadata field may hold. */
export type FieldType = "string" | "number" | "boolean";

/** Something that was written to a collection, with the earliest task that is known to have done so. */
export type FirstSeen<Seen> = Seen & { readonly at: Date; readonly task_id: string };

/**
 * What is known of a collection's documents: what its making declared, and what was written since.
 * It only grows: deleting documents takes nothing from it. All but `embedding` is absent until a
 * first write made it grow.
 */
export type CollectionSchema = {
  readonly embedding: { readonly dimensions: number };
  /** One more at each growth, by which of two that grow it at once one succeeds. */
  readonly revision?: number;
  /** The metadata fields, by name, each with the types that it was seen with. */
  readonly fields?: readonly {
    readonly name: string;
    readonly types: readonly FirstSeen<{ readonly type: FieldType }>[];
  }[];
  /** Whether there were more fields than are kept. */
  readonly more_fields?: boolean;
  /** Vectors of another embedder or length than declared. */
  readonly other_vectors?: readonly FirstSeen<{
    readonly embedder: string;
    readonly dimensions: number;
  }>[];
};

export type CollectionRecord = ResourceRecord & {
  /** Which embedder makes its vectors; fixed for the life of the collection. */
  readonly embedder: string;
  readonly schema: CollectionSchema;
};

/** Lets collections' schemas grow. Methods throw `StoreUnavailableError`. */
export interface SchemaStore {
  /** The collection; null when there is none (any more). */
  read(namespaceId: string, collectionId: string): Promise<CollectionRecord | null>;
  /**
   * Sets the schema if it still has that revision (undefined: never grown): one conditional write.
   * False when another growth was first, or the collection is gone.
   */
  grow(
    collectionId: string,
    revision: number | undefined,
    schema: CollectionSchema,
    at: Date,
  ): Promise<boolean>;
}

/** What an object holds: exactly one of the three. */
export type ObjectContent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "json"; readonly json: unknown }
  | { readonly kind: "url"; readonly url: string };

export type ObjectRecord = {
  readonly _id: string;
  readonly namespace_id: string;
  readonly bucket_id: string;
  /** Unique in the bucket; the object's id when the caller gave none. */
  readonly key: string;
  readonly content: ObjectContent;
  readonly metadata: Record<string, string | number | boolean>;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** Objects of buckets; they never change after they were made. */
export interface ObjectStore {
  insert(object: ObjectRecord): Promise<InsertOutcome>;
  /** One outcome per object, in order. */
  insertMany(objects: readonly ObjectRecord[]): Promise<readonly InsertOutcome[]>;
  /** By id or key, in a bucket. */
  find(namespaceId: string, bucketId: string, idOrKey: string): Promise<ObjectRecord | null>;
  list(namespaceId: string, filter: ResourceFilter, page: PageOptions): Promise<Page<ObjectRecord>>;
  remove(namespaceId: string, bucketId: string, objectId: string): Promise<boolean>;
  /**
   * Objects of a bucket in order of id, after one id and up to another, for a job's steps. A short
   * answer is not the last: the store stops at 8 MiB.
   */
  range(
    bucketId: string,
    afterId: string | null,
    throughId: string,
    limit: number,
  ): Promise<readonly ObjectRecord[]>;
  /** The named objects of a bucket, in any order; those that don't exist are missing. */
  pick(bucketId: string, objectIds: readonly string[]): Promise<readonly ObjectRecord[]>;
  /** Which of these ids are objects of the bucket, in any order; one read, without contents. */
  existing(bucketId: string, objectIds: readonly string[]): Promise<readonly string[]>;
  /** How many there are up to an id, and the highest id; null when the bucket is empty. */
  extent(bucketId: string): Promise<{ readonly count: number; readonly lastId: string } | null>;
}

/** One chunk of an object, embedded. */
export type DocumentRecord = {
  /** Made from collection, object and chunk, so that a step that runs twice writes it once. */
  readonly _id: string;
  readonly namespace_id: string;
  readonly collection_id: string;
  readonly object_id: string;
  readonly chunk_index: number;
  readonly text: string;
  readonly metadata: Record<string, string | number | boolean>;
  readonly enrichments: Record<string, unknown>;
  readonly embedding: Float32Array;
  readonly task_id: string;
  readonly created_at: Date;
  readonly updated_at: Date;
};

/** A document as a list has it: with its vector only when asked for. */
export type DocumentRow = Omit<DocumentRecord, "embedding"> & {
  readonly embedding?: Float32Array | undefined;
};

export type DocumentFilter = {
  readonly collectionId: string;
  readonly objectIds?: readonly string[] | undefined;
  readonly metadata?: Record<string, string | number | boolean> | undefined;
  readonly createdFrom?: Date | undefined;
  readonly createdBefore?: Date | undefined;
};

/** Some objects: by their ids, or all after one (null: from the first) and through another. */
export type ObjectRange =
  | { readonly ids: readonly string[] }
  | { readonly afterId: string | null; readonly throughId: string };

export interface DocumentStore {
  /** Writes each document whole by its id: one command, and the same again when repeated. */
  writeMany(documents: readonly DocumentRecord[]): Promise<void>;
  find(
    namespaceId: string,
    collectionId: string,
    documentId: string,
  ): Promise<DocumentRecord | null>;
  /** How many a task wrote of those objects, or of those whose ids lie between two. One read. */
  countOf(taskId: string, collectionId: string, objects: ObjectRange): Promise<number>;
  /** Without embeddings unless asked for. */
  list(
    namespaceId: string,
    filter: DocumentFilter,
    page: PageOptions,
    withVectors: boolean,
  ): Promise<Page<DocumentRow>>;
  remove(namespaceId: string, collectionId: string, documentId: string): Promise<boolean>;
  removeAll(namespaceId: string, collectionId: string): Promise<number>;
}
