import type {
  CollectionRecord,
  CollectionSchema,
  FieldType,
  FirstSeen,
} from "./collection-store.ts";

/** How many fields a schema keeps; of more it only says that there are. */
export const MAX_SCHEMA_FIELDS = 200;

/** What one task wrote to a collection. */
export type Written = {
  readonly at: Date;
  readonly taskId: string;
  readonly embedder: string;
  /** Null: not known. */
  readonly dimensions: number | null;
  readonly fields: readonly { readonly name: string; readonly types: readonly FieldType[] }[];
  readonly moreFields: boolean;
};

type Known = Pick<CollectionRecord, "embedder" | "schema">;

/**
 * A schema with what was written added to it. Pure, and the order of writes doesn't matter, nor
 * that one comes twice: of each thing seen the earliest is kept. Only which fields are kept of more
 * than {@link MAX_SCHEMA_FIELDS} depends on it. The very same object when nothing is new.
 */
export function growSchema(
  { embedder, schema }: Known,
  writes: readonly Written[],
): CollectionSchema {
  const fields = new Map(
    (schema.fields ?? []).map(({ name, types }) => [
      name,
      new Map(types.map((seen) => [seen.type, seen])),
    ]),
  );
  const others = new Map(
    (schema.other_vectors ?? []).map((seen) => [vectorKey(seen), seen] as const),
  );
  let hasMore = schema.more_fields ?? false;
  let isNew = false;
  const note = <Key, Seen>(into: Map<Key, FirstSeen<Seen>>, key: Key, seen: FirstSeen<Seen>) => {
    const known = into.get(key);
    if (known !== undefined && !isEarlier(seen, known)) return;
    into.set(key, seen);
    isNew = true;
  };
  for (const { at, taskId: task_id, dimensions, ...written } of writes) {
    const isDeclared = written.embedder === embedder && dimensions === schema.embedding.dimensions;
    if (dimensions !== null && !isDeclared) {
      const seen = { embedder: written.embedder, dimensions, at, task_id };
      note(others, vectorKey(seen), seen);
    }
    for (const { name, types } of written.fields) {
      const known = fields.get(name) ?? new Map<FieldType, FirstSeen<{ type: FieldType }>>();
      if (known.size === 0 && fields.size >= MAX_SCHEMA_FIELDS) {
        isNew ||= !hasMore;
        hasMore = true;
        continue;
      }
      fields.set(name, known);
      for (const type of types) note(known, type, { type, at, task_id });
    }
    isNew ||= written.moreFields && !hasMore;
    hasMore ||= written.moreFields;
  }
  if (!isNew) return schema;
  return {
    embedding: schema.embedding,
    revision: (schema.revision ?? 0) + 1,
    fields: [...fields]
      .map(([name, types]) => ({ name, types: inOrder(types) }))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    more_fields: hasMore,
    other_vectors: inOrder(others),
  };
}

function vectorKey({ embedder, dimensions }: { embedder: string; dimensions: number }): string {
  return `${dimensions} ${embedder}`;
}

/** By time, then by task, so that of two at the same time the same one is always the first. */
function isEarlier(one: FirstSeen<unknown>, other: FirstSeen<unknown>): boolean {
  const difference = one.at.getTime() - other.at.getTime();
  return difference < 0 || (difference === 0 && one.task_id < other.task_id);
}

/** The earliest first; of what one task saw at one time, by key. */
function inOrder<Seen extends FirstSeen<unknown>>(seen: ReadonlyMap<string, Seen>): Seen[] {
  return [...seen]
    .toSorted(([key, one], [otherKey, other]) => {
      if (isEarlier(one, other)) return -1;
      return isEarlier(other, one) || key > otherKey ? 1 : -1;
    })
    .map(([, one]) => one);
}
