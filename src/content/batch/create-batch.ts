import { type CreateBatchRequest, DEFAULT_BATCH_OPTIONS } from "../../contract/batch.ts";
import { ID_PREFIXES } from "../../contract/ids.ts";
import type { BatchRecord } from "./batch-store.ts";
import { namedCollection } from "../collections/named-collection.ts";
import { getBucket } from "../buckets/get-bucket.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import { type Keyed, keyedId, requireSameRequest } from "../../engine/keyed-request.ts";
import { createBatchStore } from "./create-batch-store.ts";
import { createObjectStore } from "../objects/create-object-store.ts";

/**
 * Creates a batch, a DRAFT until it is submitted. Duplicate objects count once. Throws `not_found`
 * (the bucket), and `invalid_request` that names an unknown collection or each unknown object. For
 * a keyed submission the batch's id is derived from the key: two copies of a request create one
 * batch, and another request with the key throws `idempotency_key_reused`.
 */
export async function createBatch({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: {
    readonly bucket: string;
    readonly batch: CreateBatchRequest;
    /** The submission that it is made for, if that may be sent again. */
    readonly keyed?: Keyed | null;
  };
}): Promise<BatchRecord> {
  const { batch: request, keyed = null } = input;
  const bucket = await getBucket({ ctx, input });
  const target = await namedCollection({ ctx, input: { idOrName: request.collection_id } });
  if (request.object_ids !== undefined) {
    await requireObjects(ctx, bucket._id, request.object_ids);
  }
  const now = ctx.runtime.now();
  const batch: BatchRecord = {
    _id:
      keyed === null
        ? ctx.runtime.newId("batch")
        : await keyedId(ID_PREFIXES.batch, ctx.namespace._id, keyed.slot),
    namespace_id: ctx.namespace._id,
    bucket_id: bucket._id,
    collection_id: target._id,
    object_ids: request.object_ids === undefined ? null : [...new Set(request.object_ids)],
    options: request.options ?? DEFAULT_BATCH_OPTIONS,
    metadata: request.metadata ?? {},
    status: "DRAFT",
    task_id: null,
    reserved_task_id: ctx.runtime.newId("task"),
    error_message: null,
    task_version: 0,
    request_hash: keyed?.hash ?? null,
    created_at: now,
    updated_at: now,
  };
  const batches = createBatchStore(ctx.database);
  const outcome = await batches.insert(batch);
  // A new id of our own can only conflict with this very insert, sent again.
  if (outcome.kind === "inserted" || keyed === null) return batch;
  const made = await batches.get(batch._id);
  if (made === null) throw new Error(`${batch._id} was removed while it was submitted`);
  requireSameRequest({ id: made._id, hash: made.request_hash }, keyed);
  return made;
}

/** One read for all of them. */
async function requireObjects(
  ctx: NamespaceContext,
  bucketId: string,
  objectIds: readonly string[],
): Promise<void> {
  if (objectIds.length === 0) return;
  const existing = new Set(await createObjectStore(ctx.database).existing(bucketId, objectIds));
  const missing = objectIds.flatMap((id, index) =>
    existing.has(id)
      ? []
      : [{ path: `object_ids.${index}`, message: `there is no object "${id}" in this bucket` }],
  );
  if (missing.length > 0) {
    throw new DomainError(
      "invalid_request",
      `${missing.length} of the ${objectIds.length} objects are not in this bucket.`,
      missing,
    );
  }
}
