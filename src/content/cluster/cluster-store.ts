import type { WorkRecord, WorkStore } from "../../ports/work-store.ts";

/** A grouping of the documents of some collections, found by its runs. */
export type ClusterRecord = WorkRecord & {
  readonly collection_ids: readonly string[];
  readonly k: number | "auto";
  /** Everything that is left to chance in a run is decided by it. */
  readonly seed: number;
  /**
   * The COMPLETED task whose results are shown; null before there was one. It is set by the very
   * write that shows the task's COMPLETED, so results and assignments change all at once.
   */
  readonly result_task_id: string | null;
};

export interface ClusterStore extends WorkStore<ClusterRecord> {
  /**
   * As every resource's, and when the task is COMPLETED its results become those that are shown,
   * unless a newer task's are: also when the resource shows a newer task's status already.
   */
  readonly mirror: WorkStore<ClusterRecord>["mirror"];
  /** Whose results are shown, by cluster; clusters that are gone or have none are missing. */
  shownRuns(
    namespaceId: string,
    clusterIds: readonly string[],
  ): Promise<ReadonlyMap<string, string>>;
}

/** What a run does next; the order of the list is the order of the phases. */
export const CLUSTER_PHASES = [
  "scan",
  "deal",
  "choose",
  "seed",
  "train",
  "score",
  "assign",
  "describe",
  "done",
] as const;

export type ClusterPhase = (typeof CLUSTER_PHASES)[number];

/** A place among the documents of several collections, in order of collection and id. */
export type DocumentCursor = {
  /** Which of the cluster's collections. */
  readonly collection: number;
  readonly after_id: string | null;
};

export type ClusterSummary = {
  readonly cluster_index: number;
  readonly size: number;
  readonly top_terms: readonly string[];
};

/**
 * A run of a cluster, under way or done: everything that must outlive a step, in one document, so
 * that each step is one conditional write. Only its own task writes it.
 */
export type ClusterModelRecord = {
  /** The task's id. */
  readonly _id: string;
  readonly namespace_id: string;
  readonly cluster_id: string;
  readonly task_id: string;
  readonly kind: "model";
  /** How many steps were done. */
  readonly step: number;
  readonly phase: ClusterPhase;
  /** When it came to "done", after which it never changes; null before. */
  readonly updated_at: Date | null;
  readonly dimensions: number;
  /** Older runs whose results are shown, or may be yet: they had done all but end. */
  readonly kept_runs: readonly string[];
  /** How many documents there were at the start. */
  readonly documents: number;
  /** Null until it is chosen, where it is "auto". */
  readonly k: number | null;
  /** Where the scan, and then the assignment, goes on. */
  readonly cursor: DocumentCursor;
  /** Pages of ids that the scan wrote, and then shards that they were dealt to. */
  readonly parts: number;
  /** Documents in the training sample. */
  readonly sampled: number;
  /** The silhouettes that "auto" chose by. */
  readonly candidates: readonly { readonly k: number; readonly silhouette: number }[];
  /** Row by row; fewer than k while seeding goes on, or when fewer documents differ. */
  readonly centroids: Float32Array | null;
  /** Of seeding: each sampled document's squared distance to its nearest centroid. */
  readonly distances: Float32Array | null;
  /** Of training: how many documents each centroid is the mean of. */
  readonly counts: readonly number[];
  /** Of training: mini-batches so far, and how their inertia has gone. */
  readonly iterations: number;
  readonly trend: {
    readonly smoothed: number | null;
    readonly best: number | null;
    readonly withoutImprovement: number;
  };
  readonly silhouette: number | null;
  /** Of the assignment: documents so far, their squared distances' sum, and the clusters' sizes. */
  readonly assigned: number;
  readonly inertia: number;
  readonly sizes: readonly number[];
  /** The documents nearest to each centroid, the nearest first. */
  readonly nearest: readonly {
    readonly ids: readonly string[];
    readonly distances: readonly number[];
  }[];
  /** In how many of a random sample's texts each of its commoner terms occurs. */
  readonly background: {
    readonly texts: number;
    readonly terms: readonly string[];
    readonly counts: readonly number[];
  } | null;
  /** How many of the centroids were described. */
  readonly described: number;
  /** The described ones that have documents. */
  readonly clusters: readonly ClusterSummary[];
};

/** What of a finished run is shown; `clusters` only where asked for. */
export type ClusterResultRecord = Pick<
  ClusterModelRecord,
  "_id" | "inertia" | "silhouette" | "iterations" | "sizes"
> & { readonly clusters?: readonly ClusterSummary[] };

/** A list of document ids that belongs to a run: a page of its scan, or a shard of its sample. */
export type ClusterPart = { readonly kind: "page" | "shard"; readonly number: number };

/**
 * The runs of clusters, in the collection `cluster_models`. A step that runs twice, or in two
 * places, writes once: see `advance`. Methods throw `StoreUnavailableError`.
 */
export interface ClusterModelStore {
  /** Changes nothing when the run is there already. */
  create(model: ClusterModelRecord): Promise<void>;
  /** A run and some of its parts, by one read; null when the run is gone. */
  read(
    taskId: string,
    parts: readonly ClusterPart[],
  ): Promise<{
    readonly model: ClusterModelRecord;
    /** The parts' ids, in the order of the parts; of a part that is missing none. */
    readonly parts: readonly (readonly string[])[];
  } | null>;
  /**
   * Writes what a step came to, if nobody has done that step yet: one write on condition of `step`,
   * which settles the race between two runners, and a step done twice.
   */
  advance(
    taskId: string,
    step: number,
    changes: Partial<Omit<ClusterModelRecord, "_id" | "step">>,
  ): Promise<void>;
  /** Writes parts whole, each by its name: the same again when repeated. One command. */
  writeParts(
    model: Pick<ClusterModelRecord, "_id" | "cluster_id" | "namespace_id">,
    parts: readonly (ClusterPart & { readonly ids: readonly string[] })[],
  ): Promise<void>;
  /** Deletes a run's parts, and the run itself unless it is kept. */
  removeRun(taskId: string, keep: "model" | "nothing"): Promise<void>;
  /** The runs of a cluster that have come to the phase "done". */
  doneRuns(clusterId: string): Promise<readonly string[]>;
  /** Deletes a cluster's runs before one, but for some. */
  removeOlder(clusterId: string, taskId: string, kept: readonly string[]): Promise<void>;
  removeAll(clusterId: string): Promise<void>;
  /** What finished runs came to; those that are gone are missing. One read. */
  results(
    taskIds: readonly string[],
    withClusters: boolean,
  ): Promise<ReadonlyMap<string, ClusterResultRecord>>;
}

/** Where a document belongs, after one run of a cluster. */
export type Assignment = { readonly cluster_index: number; readonly distance: number };

/**
 * The documents, as clustering sees them. A document's assignments are kept at
 * `enrichments.clusters.<cluster id>.<task id>`, one for each run, and only that of the run whose
 * results are shown is ever shown; so nobody sees a run that is under way, or was killed.
 */
export interface ClusteredDocumentStore {
  count(collectionIds: readonly string[]): Promise<number>;
  /** In order of id. */
  ids(collectionId: string, afterId: string | null, limit: number): Promise<readonly string[]>;
  /** In the order of the ids; those that don't exist are missing. */
  vectors(
    collectionIds: readonly string[],
    ids: readonly string[],
  ): Promise<readonly { readonly _id: string; readonly embedding: Float32Array }[]>;
  /** At most 8 MiB; those beyond it, and those that don't exist, are missing. */
  texts(
    collectionIds: readonly string[],
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, string>>;
  /** In order of id, at most 8 MiB. `runs`: whose assignments of that cluster the document has. */
  page(
    collectionId: string,
    clusterId: string,
    afterId: string | null,
    limit: number,
  ): Promise<{
    readonly rows: readonly {
      readonly _id: string;
      readonly embedding: Float32Array;
      readonly runs: readonly string[];
    }[];
    readonly isLast: boolean;
  }>;
  /** Writes a run's assignments and deletes those of some other runs: one command, repeatable. */
  assign(
    clusterId: string,
    taskId: string,
    assignments: readonly {
      readonly documentId: string;
      readonly assignment: Assignment;
      readonly outdatedRuns: readonly string[];
    }[],
  ): Promise<void>;
}

/** What a clustering job works on. */
export type ClusteringStores = {
  readonly models: ClusterModelStore;
  readonly documents: ClusteredDocumentStore;
};
