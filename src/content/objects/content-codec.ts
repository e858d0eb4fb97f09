import type { ObjectContent, ObjectRecord } from "./object-store.ts";

type StoredContent =
  | Exclude<ObjectContent, { kind: "json" }>
  | { readonly kind: "json"; readonly json: string };

/** An object as MongoDB keeps it: JSON content is kept as its text. */
export type StoredObject = Omit<ObjectRecord, "content"> & { readonly content: StoredContent };

/**
 * JSON goes into MongoDB as text, since BSON can't carry all of it: it refuses NUL in a key, the
 * driver takes `_bsontype` and `$ref` with `$id` for types of its own, and servers differ over keys
 * with `$` and `.`. Nothing ever searches in it.
 */
export function toStored(object: ObjectRecord): StoredObject {
  const { content } = object;
  if (content.kind !== "json") return { ...object, content };
  return { ...object, content: { kind: "json", json: JSON.stringify(content.json) } };
}

/** The object that {@link toStored} was given. */
export function fromStored(stored: StoredObject): ObjectRecord {
  const { content } = stored;
  if (content.kind !== "json") return { ...stored, content };
  const json: unknown = JSON.parse(content.json);
  return { ...stored, content: { kind: "json", json } };
}
