import type {
  InsertOutcome,
  Page,
  PageOptions,
  ResourceFilter,
  ResourceRecord,
} from "./resource-store.ts";

export type BucketRecord = ResourceRecord;

export type CollectionRecord = ResourceRecord & {
  /** Which embedder makes its vectors; fixed for the life of the collection. */
  readonly embedder: string;
  /** What is known of its documents' fields. */
  readonly schema: { readonly embedding: { readonly dimensions: number } };
};

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
