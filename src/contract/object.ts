import { z } from "zod";
import { Metadata, oneOrMany, PageRequest, TargetUrl, Timestamp, TimeRange } from "./common.ts";
import { BucketId, NamespaceId, ObjectId } from "./ids.ts";
import { ErrorCode, InvalidField } from "./problem.ts";
import { TaskStatusEnum } from "./status.ts";

/** How many objects one `POST …/objects/batch` may hold. */
export const MAX_OBJECTS_PER_REQUEST = 1000;

/** How deep JSON content may nest: shallow enough for code that walks it recursively. */
export const MAX_JSON_DEPTH = 100;

const CONTENT_KINDS = ["text", "json", "url"] as const;

/**
 * What an object holds: exactly one of the three. The text may be empty; the JSON may be any value,
 * including null; the URL is fetched when a batch runs.
 */
export const Content = z
  .strictObject({
    text: z.string().optional(),
    json: z
      .unknown()
      .refine((value) => nestsWithin(value, MAX_JSON_DEPTH), {
        error: `expected at most ${MAX_JSON_DEPTH} levels of nesting`,
      })
      .optional(),
    url: TargetUrl.optional(),
  })
  .refine((content) => CONTENT_KINDS.filter((kind) => content[kind] !== undefined).length === 1, {
    error: 'expected exactly one of "text", "json" and "url"',
  });

export type Content = z.infer<typeof Content>;

/**
 * An object's key: unique in its bucket. It appears in paths, so it can't be `.` or `..`, and it is
 * never mistaken for another object's id.
 */
export const ObjectKey = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, { error: "no control characters in a key" })
  .refine((key) => key !== "." && key !== "..", { error: 'a key may not be "." or ".."' })
  .refine((key) => !ObjectId.safeParse(key).success, { error: "a key may not look like an id" });

/** `POST /v1/buckets/{bucket_id}/objects`, and each item of `…/objects/batch`. */
export const CreateObjectRequest = z.strictObject({
  key: ObjectKey.optional(),
  content: Content,
  metadata: Metadata.optional(),
});

export type CreateObjectRequest = z.infer<typeof CreateObjectRequest>;

/**
 * `POST /v1/buckets/{bucket_id}/objects/batch`. Only the envelope is checked as a whole; each item
 * is a {@link CreateObjectRequest} and is checked on its own, so an invalid one doesn't stop the
 * others.
 */
export const CreateObjectsRequest = z.strictObject({
  objects: z.array(z.unknown()).min(1).max(MAX_OBJECTS_PER_REQUEST).meta({
    description:
      "Each item has the form of a request to create one object: key?, content, metadata?",
  }),
});

export type CreateObjectsRequest = z.infer<typeof CreateObjectsRequest>;

/** The result for one item: the object's id, or the error. */
export const CreateObjectResult = z.union([
  z.object({ index: z.int(), object_id: ObjectId }),
  z.object({
    index: z.int(),
    error: z.object({ code: ErrorCode, detail: z.string(), errors: z.array(InvalidField) }),
  }),
]);

export type CreateObjectResult = z.infer<typeof CreateObjectResult>;

/** One result per item, in the order of the items. */
export const CreateObjectsResponse = z.object({ results: z.array(CreateObjectResult) });

/** `POST /v1/buckets/{bucket_id}/objects/list`. */
export const ObjectListRequest = z.strictObject({
  key: oneOrMany(z.string()).optional(),
  created_at: TimeRange.optional(),
  metadata: Metadata.optional(),
  ...PageRequest,
});

export type ObjectListRequest = z.infer<typeof ObjectListRequest>;

/** An object of a bucket; it never changes. */
export const BucketObject = z.object({
  object_id: ObjectId,
  namespace_id: NamespaceId,
  bucket_id: BucketId,
  key: z.string(),
  status: TaskStatusEnum,
  content: Content,
  metadata: Metadata,
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type BucketObject = z.infer<typeof BucketObject>;

/** Walks level by level: a value deep enough to fail this check could overflow the stack. */
function nestsWithin(value: unknown, depth: number): boolean {
  let level = [value];
  for (let passed = 0; level.length > 0; passed += 1) {
    if (passed > depth) return false;
    level = level.flatMap((item) =>
      typeof item === "object" && item !== null ? Object.values(item) : [],
    );
  }
  return true;
}
