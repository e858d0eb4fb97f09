/** One kind of row that a migration copies, and how a row changes on the way. */
export type CopiedKind = {
  /** The kind's collection in the database, and its name in what a migration says of itself. */
  readonly name: string;
  /** What a row must be to be copied, by field; others are left alone on both sides. */
  readonly only: Readonly<Record<string, string>>;
  /** Fields that hold the id of another row, a list of ids, or null. */
  readonly references: readonly string[];
  /** Fields with ids among their keys, at whatever depth. */
  readonly keyed: readonly string[];
  /** What every copy has instead of the row's own: what belongs to a task, which is not copied. */
  readonly reset: Readonly<Record<string, unknown>>;
  /** How a copy's id is made; see `src/content/migration/id-map.ts`. */
  readonly id: "from the row's id" | "from its chunk";
};

const RESOURCE = {
  only: {},
  references: [],
  keyed: [],
  reset: {},
  id: "from the row's id",
} as const;

/** A resource that tasks work for stands in the target as one that no task has worked for yet. */
const NO_TASK = { status: "DRAFT", task_id: null, task_version: 0, error_message: null } as const;

/**
 * Everything that a migration copies, in this order; every row of these has `namespace_id`. Batches,
 * tasks, events, webhooks, deliveries, schedules, task types, keys and migrations are not copied;
 * docs/migrations.md says why.
 *
 * Clusters come before what their runs write: whatever run a cluster was verified to show, its
 * assignments and its model are found afterwards, unless two newer runs have begun since.
 *
 * A further kind is one line here. Its rows need an index on `{ namespace_id, _id }`, which
 * `stores/mongo/indexes.ts` makes of this list; an `updated_at` that every change sets, or else the
 * late passes read them all; and values as `Database` has them. Documents can't be referred to.
 */
export const COPIED_KINDS: readonly CopiedKind[] = [
  { ...RESOURCE, name: "buckets" },
  { ...RESOURCE, name: "objects", references: ["bucket_id"] },
  { ...RESOURCE, name: "collections" },
  {
    ...RESOURCE,
    name: "clusters",
    references: ["collection_ids", "result_task_id"],
    reset: NO_TASK,
  },
  {
    ...RESOURCE,
    name: "documents",
    references: ["collection_id", "object_id"],
    keyed: ["enrichments"],
    id: "from its chunk",
  },
  {
    ...RESOURCE,
    name: "cluster_models",
    // Runs under way are tasks' own; so are their lists of documents.
    only: { kind: "model", phase: "done" },
    references: ["cluster_id", "task_id", "kept_runs"],
    // Where the run had come to; it names documents.
    reset: { nearest: [], cursor: { collection: 0, after_id: null } },
  },
  { ...RESOURCE, name: "taxonomies", references: ["collection_id"], reset: NO_TASK },
];
