import type { CreateBucketRequest } from "../../contract/bucket.ts";
import type { BucketRecord } from "./bucket-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { nameTaken } from "../../engine/errors.ts";
import { createBucketStore } from "./create-bucket-store.ts";

/** Creates a bucket. Throws `name_taken`. */
export async function createBucket({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: CreateBucketRequest;
}): Promise<BucketRecord> {
  const now = ctx.runtime.now();
  const bucket: BucketRecord = {
    _id: ctx.runtime.newId("bucket"),
    namespace_id: ctx.namespace._id,
    name: input.name,
    status: "ACTIVE",
    metadata: input.metadata ?? {},
    created_at: now,
    updated_at: now,
  };
  const outcome = await createBucketStore(ctx.database).insert(bucket);
  if (outcome.kind === "duplicate" && outcome.fields.includes("name")) {
    throw nameTaken("bucket", input.name);
  }
  return bucket;
}
