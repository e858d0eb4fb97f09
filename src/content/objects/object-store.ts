import type {
  InsertOutcome,
  Page,
  PageOptions,
  ResourceFilter,
} from "../../ports/resource-store.ts";

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
