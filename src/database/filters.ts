import type { ResourceFilter } from "../ports/resource-store.ts";
import type { Query } from "../ports/database.ts";

/** `{ field: value }` for one value, `{ field: { $in } }` for several, nothing when absent. */
export function among(field: string, values: readonly string[] | undefined): Query {
  if (values === undefined) return {};
  return { [field]: values.length === 1 ? values[0] : { $in: values } };
}

/** `created_at` from (inclusive) and before (exclusive). */
export function createdWithin(from: Date | undefined, before: Date | undefined): Query {
  if (from === undefined && before === undefined) return {};
  return {
    created_at: { ...(from && { $gte: from }), ...(before && { $lt: before }) },
  };
}

/** A text, or one of a list of texts, with that beginning: a range of an index. */
export function beginningWith(prefix: string): Query {
  return { $regex: `^${prefix.replaceAll(".", "\\.")}` };
}

/** Every metadata field given must be equal. */
export function metadataEquals(metadata: ResourceFilter["metadata"]): Query {
  return Object.fromEntries(
    Object.entries(metadata ?? {}).map(([key, value]) => [`metadata.${key}`, value]),
  );
}

/** The query of the filters that every resource list has. */
export function resourceQuery(filter: ResourceFilter): Query {
  return {
    ...among("name", filter.names),
    ...among("status", filter.statuses),
    ...createdWithin(filter.createdFrom, filter.createdBefore),
    ...metadataEquals(filter.metadata),
  };
}

/** Metadata as terms, one a field, in which a number and its text differ: `team="eng"`, `rank=3`. */
export function metadataTerms(
  metadata: Readonly<Record<string, string | number | boolean>>,
): readonly string[] {
  return Object.entries(metadata).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
}
