import type { Index } from "../ports/database.ts";

/** The fields of an index in their order. */
export type IndexFields = Readonly<Record<string, 1 | -1>>;

/** Lists in order of time, newest first by default; an index is walked in either direction. */
export const BY_TIME = { created_at: -1, _id: -1 } as const;

/** An index for reading. */
export function plain(collection: string, key: IndexFields): Index {
  return { collection, name: Object.keys(key).join("_"), key };
}

/** An index that refuses a second document with the same fields. */
export function unique(collection: string, key: IndexFields): Index {
  return { ...plain(collection, key), unique: true };
}

/** The indexes of a named resource: its name, and lists. */
export function ofResource(collection: string): readonly Index[] {
  return [
    unique(collection, { namespace_id: 1, name: 1 }),
    plain(collection, { namespace_id: 1, ...BY_TIME }),
  ];
}
