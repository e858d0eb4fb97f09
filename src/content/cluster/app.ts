import type { App } from "../../app.ts";
import {
  Cluster,
  ClusterRow,
  CreateClusterRequest,
  ExecuteClusterRequest,
} from "../../contract/cluster.ts";
import { CLUSTERS_INDEXES } from "./indexes.ts";
import { buildCluster } from "./job/build-cluster.ts";
import { clusters } from "./routes-clusters.ts";
import { CLUSTER_TARGET } from "./target.ts";

/** Clusters: groups of alike documents. */
export const CLUSTER: App = {
  jobs: [buildCluster],
  targets: [CLUSTER_TARGET],
  routes: [clusters],
  indexes: CLUSTERS_INDEXES,
  contents: [{ collections: ["clusters"] }],
  tags: [["Clusters", "Groups of alike documents, found by k-means over their vectors."]],
  components: {
    CreateClusterRequest: [CreateClusterRequest, "What to group, and into how many groups."],
    ExecuteClusterRequest: [ExecuteClusterRequest, "What every submission may say."],
    Cluster: [
      Cluster,
      "Groups of alike documents. Its results are those of its last COMPLETED run.",
    ],
    ClusterRow: [ClusterRow, "A cluster without its groups."],
  },
};
