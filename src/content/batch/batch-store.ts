import type { TaskStatus } from "../../contract/status.ts";
import type { MirrorStore } from "../../ports/mirror-store.ts";
import type {
  InsertOutcome,
  Page,
  PageOptions,
  ResourceFilter,
} from "../../ports/resource-store.ts";

/** A batch: which objects of a bucket become documents of a collection. */
export type BatchRecord = {
  readonly _id: string;
  readonly namespace_id: string;
  readonly bucket_id: string;
  readonly collection_id: string;
  /** The chosen objects; null: all in the bucket when the job starts. */
  readonly object_ids: readonly string[] | null;
  readonly options: { readonly chunk_size: number; readonly chunk_overlap: number };
  readonly metadata: Record<string, string | number | boolean>;
  readonly status: TaskStatus;
  /** The task once submitted; null in a DRAFT. */
  readonly task_id: string | null;
  /**
   * The id that its task will have, chosen when the batch is created: two simultaneous submissions
   * insert the same task, and the unique `_id` lets one win.
   */
  readonly reserved_task_id: string;
  readonly error_message: string | null;
  /** The task's version that status and error_message were taken from; 0 in a DRAFT. */
  readonly task_version: number;
  /** Of a batch that a submission under a key made: the digest of that request; null or absent otherwise. */
  readonly request_hash?: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
};

export interface BatchStore extends MirrorStore<BatchRecord> {
  insert(batch: BatchRecord): Promise<InsertOutcome>;
  find(namespaceId: string, bucketId: string, batchId: string): Promise<BatchRecord | null>;
  list(namespaceId: string, filter: ResourceFilter, page: PageOptions): Promise<Page<BatchRecord>>;
  /** The id of one batch into that collection whose task has not ended; null when there is none. */
  unfinishedInto(namespaceId: string, collectionId: string): Promise<string | null>;
  /** Deletes a batch that is a DRAFT or whose task has ended. */
  remove(namespaceId: string, bucketId: string, batchId: string): Promise<boolean>;
}
