import { ID_PREFIXES } from "../../contract/ids.ts";
import type { ResourceKind } from "../../engine/jobs/resource-kind.ts";
import type { ClusterRecord } from "./cluster-store.ts";
import { createClusterStore } from "./create-cluster-store.ts";

/** Clusters, which show the status of their newest tasks. */
export const CLUSTERS: ResourceKind<ClusterRecord> = {
  prefix: ID_PREFIXES.cluster,
  store: createClusterStore,
};
