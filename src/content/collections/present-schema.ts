import type { Collection } from "../../contract/collection.ts";
import type { CollectionRecord, FirstSeen } from "./collection-store.ts";

type Schema = Collection["schema"];

/** A collection's schema on the wire, with what contradicts itself in it. */
export function presentSchema({ schema, embedder, created_at }: CollectionRecord): Schema {
  const fields = (schema.fields ?? []).map(({ name, types }) => ({
    name,
    types: types.map((seen) => seenType(seen.type, seen)),
  }));
  return {
    embedding: schema.embedding,
    fields,
    more_fields: schema.more_fields ?? false,
    conflicts: [
      ...fields
        .filter(({ types }) => types.length > 1)
        .map(({ name, types }) => ({ kind: "field" as const, field: name, types })),
      ...vectorConflict({ schema, embedder, created_at }),
    ],
  };
}

function vectorConflict({
  schema,
  embedder,
  created_at,
}: Pick<CollectionRecord, "schema" | "embedder" | "created_at">): Schema["conflicts"] {
  const others = schema.other_vectors ?? [];
  if (others.length === 0) return [];
  const declared = {
    type: vectorType(embedder, schema.embedding.dimensions),
    first_seen_at: created_at.toISOString(),
    task_id: null,
  };
  const seen = others.map((other) => seenType(vectorType(other.embedder, other.dimensions), other));
  return [{ kind: "vector", field: null, types: [declared, ...seen] }];
}

function vectorType(embedder: string, dimensions: number): string {
  return `${embedder} of ${dimensions} dimensions`;
}

function seenType(type: string, { at, task_id }: FirstSeen<unknown>) {
  return { type, first_seen_at: at.toISOString(), task_id };
}
