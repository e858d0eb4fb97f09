import type { Page, PageOptions } from "../../ports/resource-store.ts";

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
