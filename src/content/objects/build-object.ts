import type { Content, CreateObjectRequest } from "../../contract/object.ts";
import type { BucketRecord } from "../buckets/bucket-store.ts";
import type { ObjectContent, ObjectRecord } from "./object-store.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";

/** The record of a new object; its key is its id when the caller gave none. */
export function buildObject(
  ctx: NamespaceContext,
  bucket: BucketRecord,
  input: CreateObjectRequest,
): ObjectRecord {
  const now = ctx.runtime.now();
  const id = ctx.runtime.newId("object");
  return {
    _id: id,
    namespace_id: ctx.namespace._id,
    bucket_id: bucket._id,
    key: input.key ?? id,
    content: contentOf(input.content),
    metadata: input.metadata ?? {},
    created_at: now,
    updated_at: now,
  };
}

/** A key that another object of the bucket has; `path` is where in the request it stands. */
export function keyTaken(key: string, path: string): DomainError {
  return new DomainError(
    "name_taken",
    `There is an object with the key "${key}" in this bucket already. Choose another key.`,
    [{ path, message: "taken" }],
  );
}

function contentOf(content: Content): ObjectContent {
  if (content.text !== undefined) return { kind: "text", text: content.text };
  if (content.url !== undefined) return { kind: "url", url: content.url };
  return { kind: "json", json: content.json };
}
