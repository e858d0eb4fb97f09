import type { ResourceRecord } from "../../ports/resource-store.ts";

/** A place for objects. */
export type BucketRecord = ResourceRecord;
