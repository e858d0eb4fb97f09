import { z } from "zod";
import { Metadata, Timestamp } from "./common.ts";
import { ClusterId, CollectionId, IdOrName, NamespaceId, ResourceName, TaskId } from "./ids.ts";
import { TaskStatusEnum } from "./status.ts";
import { checkTimes, ResourceSubmissionFields } from "./submission.ts";

/** How many collections one cluster may group together. */
export const MAX_CLUSTER_COLLECTIONS = 20;

/** The default seed. It is fixed, so the same documents always give the same groups. */
export const DEFAULT_SEED = 0;

/** `POST /v1/clusters`. */
export const CreateClusterRequest = z.strictObject({
  name: ResourceName,
  /** Collections with the same embedder; duplicates count once. */
  collection_ids: z.array(IdOrName).min(1).max(MAX_CLUSTER_COLLECTIONS),
  /** How many groups; "auto" takes the k from 2 to 20 with the greatest silhouette. */
  k: z.union([z.int().min(2).max(1000), z.literal("auto")], {
    error: 'expected a whole number from 2 to 1000, or "auto"',
  }),
  /** Seeds every random choice; 0 when absent. */
  seed: z.int().min(0).max(0xffff_ffff).optional(),
  metadata: Metadata.optional(),
});

export type CreateClusterRequest = z.infer<typeof CreateClusterRequest>;

/** `POST /v1/clusters/{cluster_id}/execute`: the options of a submission; the cluster itself is the singleton. */
export const ExecuteClusterRequest = z.strictObject(ResourceSubmissionFields).check(checkTimes);

/** How well the groups fit. */
export const ClusterStats = z.object({
  /** The sum of the squared distances of all documents to their centroids. */
  inertia: z.number(),
  /** From -1 to 1, measured on a random sample; null for a single group and for more than 96. */
  silhouette: z.number().nullable(),
  /** The number of mini-batches. */
  iterations: z.int(),
});

/** One group of documents. */
export const ClusterGroup = z.object({
  /** From 0 to k - 1; empty groups are left out. */
  cluster_index: z.int(),
  size: z.int(),
  /** The terms that distinguish its documents from the others, best first. */
  top_terms: z.array(z.string()),
});

/** A cluster as lists show it: without its groups. */
export const ClusterRow = z.object({
  cluster_id: ClusterId,
  namespace_id: NamespaceId,
  name: z.string(),
  collection_ids: z.array(CollectionId),
  k: z.union([z.int(), z.literal("auto")]),
  seed: z.int(),
  metadata: Metadata,
  /** DRAFT until executed, then its newest task's status. */
  status: TaskStatusEnum,
  task_id: TaskId.nullable(),
  error_message: z.string().nullable(),
  /**
   * The COMPLETED task that produced these results. While a newer task runs, this is the one before
   * it.
   */
  result_task_id: TaskId.nullable(),
  /** The number of groups with documents; null before there are results. */
  num_clusters: z.int().nullable(),
  stats: ClusterStats.nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type ClusterRow = z.infer<typeof ClusterRow>;

/** A grouping of the documents of some collections. */
export const Cluster = ClusterRow.extend({
  /** null before there are results. */
  clusters: z.array(ClusterGroup).nullable(),
});

export type Cluster = z.infer<typeof Cluster>;
