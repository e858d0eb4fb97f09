import type { WorkRecord, WorkStore } from "../../ports/work-store.ts";

export type TaxonomyNodeRecord = {
  readonly node_id: string;
  readonly parent_id: string | null;
  readonly label: string;
  readonly description: string | null;
  readonly examples: readonly string[];
};

/** A tree of labels. Its nodes never change: another tree is another taxonomy. */
export type TaxonomyRecord = WorkRecord & {
  readonly nodes: readonly TaxonomyNodeRecord[];
  readonly threshold: number;
  /** The collection of the newest task that has begun; null before the first. */
  readonly collection_id: string | null;
};

export type TaxonomyStore = WorkStore<TaxonomyRecord>;

/** What a taxonomy says of a document, kept at `enrichments.taxonomies.<taxonomy_id>`. */
export type TaxonomyLabel = {
  /** Null: no node is near enough. */
  readonly node_id: string | null;
  readonly label: string | null;
  /** The labels from the root to the node. */
  readonly path: readonly string[];
  /** The cosine of document and nearest node. */
  readonly score: number;
};

/** A document that is to be labelled, as it was read. */
export type UnlabelledDocument = {
  readonly _id: string;
  readonly embedding: Float32Array;
  readonly updated_at: Date;
};

/** The documents of a collection, as a taxonomy's job sees them. */
export interface LabelStore {
  /**
   * Documents that a taxonomy has not labelled since they were last written, in order of id after
   * one. A batch that writes a document again takes its labels off, so that these are the new and
   * the changed ones. A short answer is not the last: the store stops at 8 MiB.
   */
  unlabelled(
    collectionId: string,
    taxonomyId: string,
    afterId: string | null,
    limit: number,
  ): Promise<readonly UnlabelledDocument[]>;
  /** How many there are. */
  countUnlabelled(collectionId: string, taxonomyId: string): Promise<number>;
  /** Labels documents that are still as they were read: one command; the others stay for the next run. */
  label(
    taxonomyId: string,
    labels: readonly { readonly document: UnlabelledDocument; readonly label: TaxonomyLabel }[],
    at: Date,
  ): Promise<void>;
}
