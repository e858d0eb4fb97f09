import { ofResource } from "../../database/indexes.ts";
import type { Index } from "../../ports/database.ts";

/** The indexes of buckets. */
export const BUCKETS_INDEXES: readonly Index[] = ofResource("buckets");
