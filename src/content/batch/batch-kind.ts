import { ID_PREFIXES } from "../../contract/ids.ts";
import type { ResourceKind } from "../../engine/jobs/resource-kind.ts";
import type { BatchRecord } from "./batch-store.ts";
import { createBatchStore } from "./create-batch-store.ts";

/** Batches, which show the status of their tasks. */
export const BATCHES: ResourceKind<BatchRecord> = {
  prefix: ID_PREFIXES.batch,
  store: createBatchStore,
};
