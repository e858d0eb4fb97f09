import { BY_TIME, plain } from "../../database/indexes.ts";
import type { Index } from "../../ports/database.ts";

/** The indexes of batches. */
export const BATCHES_INDEXES: readonly Index[] = [
  plain("batches", { bucket_id: 1, ...BY_TIME }),
  plain("batches", { collection_id: 1, status: 1 }),
];
