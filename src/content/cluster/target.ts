import { ClusterTarget } from "../../contract/submission-target.ts";
import { defineTarget } from "../../engine/submissions/define-target.ts";
import { executeCluster } from "./execute-cluster.ts";

/** A run of a cluster. */
export const CLUSTER_TARGET = defineTarget({
  kind: "cluster",
  schema: ClusterTarget,
  isOwnSingleton: true,
  submit: ({ ctx, target, ...submission }) => {
    const { kind: _, cluster_id: cluster, ...options } = target;
    return executeCluster({ ctx, input: { cluster, options, ...submission } });
  },
});
