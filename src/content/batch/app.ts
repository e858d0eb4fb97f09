import type { App } from "../../app.ts";
import { Batch, BatchListRequest, BatchOptions, CreateBatchRequest } from "../../contract/batch.ts";
import { BATCHES_INDEXES } from "./indexes.ts";
import { processBatch } from "./job/process-batch.ts";
import { batchSubmit } from "./routes-batch-submit.ts";
import { batches } from "./routes-batches.ts";
import { BATCH_TARGET, BUCKET_TARGET } from "./targets.ts";

/** Batches: objects of a bucket that become documents of a collection. */
export const BATCH: App = {
  jobs: [processBatch],
  targets: [BATCH_TARGET, BUCKET_TARGET],
  routes: [batches, batchSubmit],
  indexes: BATCHES_INDEXES,
  tags: [["Batches", "Objects of a bucket that become documents of a collection."]],
  components: {
    BatchOptions: [
      BatchOptions,
      "How text is split into documents, in characters. `chunk_overlap` is at most half of `chunk_size`.",
    ],
    CreateBatchRequest: [CreateBatchRequest, "Exactly one of `object_ids` and `all`."],
    BatchListRequest: [BatchListRequest, "Filters of a list of batches."],
    Batch: [
      Batch,
      "Objects of a bucket that become documents of a collection. DRAFT until submitted, then it has its task's status.",
    ],
  },
};
