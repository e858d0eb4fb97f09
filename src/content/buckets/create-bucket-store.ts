import type { Database } from "../../ports/database.ts";
import type { ResourceStore } from "../../ports/resource-store.ts";
import { createResourceStore } from "../../database/resource-store.ts";
import type { BucketRecord } from "./bucket-store.ts";

/** The buckets. Names are unique by the index `{ namespace_id, name }`. */
export function createBucketStore(database: Database): ResourceStore<BucketRecord> {
  return createResourceStore<BucketRecord>(database, "buckets");
}
