import type { App } from "../../app.ts";
import { Bucket, CreateBucketRequest } from "../../contract/bucket.ts";
import { BUCKETS_INDEXES } from "./indexes.ts";
import { buckets } from "./routes-buckets.ts";

/** Buckets: places for objects. */
export const BUCKETS: App = {
  routes: [buckets],
  indexes: BUCKETS_INDEXES,
  contents: [{ collections: ["buckets"] }],
  tags: [["Buckets", "Places for objects."]],
  components: {
    CreateBucketRequest: [CreateBucketRequest, "A new bucket."],
    Bucket: [Bucket, "A place for the objects that batches read."],
  },
};
