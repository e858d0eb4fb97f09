import type { Page, PageOptions, ResourceFilter, ResourceRecord } from "./resource-store.ts";

/** A type of task whose work is done by the deployer's own executor; `name` is the type. */
export type TaskTypeRecord = ResourceRecord & {
  readonly executor_url: string;
  readonly description: string | null;
  /** As JSON text: field names of a schema, such as `$ref`, may not be field names in MongoDB. */
  readonly input_schema: string | null;
  readonly heartbeat_timeout: number;
  readonly max_attempts: number;
  readonly backoff: { readonly base: number; readonly cap: number };
  readonly queue_ttl: number | null;
  readonly concurrency: { readonly key: string; readonly limit: number } | null;
  readonly killable: boolean;
  readonly sealed_secret: string;
};

/** The result of a PUT of a type. */
export type PutOutcome =
  | { readonly kind: "created" }
  | { readonly kind: "replaced"; readonly record: TaskTypeRecord };

/** The registered types. Every method throws `StoreUnavailableError`. */
export interface TaskTypeStore {
  /**
   * Creates it, or replaces everything but id, secret and creation time; only one of two
   * simultaneous calls creates it.
   */
  put(record: TaskTypeRecord): Promise<PutOutcome>;
  find(namespaceId: string, type: string): Promise<TaskTypeRecord | null>;
  list(
    namespaceId: string,
    filter: ResourceFilter,
    page: PageOptions,
  ): Promise<Page<TaskTypeRecord>>;
  remove(namespaceId: string, type: string): Promise<boolean>;
  /** Whose secret is sealed with that prefix, in order of id, after `afterId`. */
  sealedWith(
    prefix: string,
    afterId: string | null,
    limit: number,
  ): Promise<readonly TaskTypeRecord[]>;
  /** Replaces the sealed secret, which is the same under another key. One conditional write. */
  reseal(type: TaskTypeRecord, sealedSecret: string): Promise<void>;
}
