import type { ResourceRecord } from "../../ports/resource-store.ts";

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
