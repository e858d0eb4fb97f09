import { ofResource, plain } from "../../database/indexes.ts";
import type { Index } from "../../ports/database.ts";

/** The indexes of clusters. */
export const CLUSTERS_INDEXES: readonly Index[] = [
  ...ofResource("clusters"),
  plain("cluster_models", { cluster_id: 1, task_id: 1 }),
  plain("cluster_models", { task_id: 1 }),
];
