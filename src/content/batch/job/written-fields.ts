import type { DocumentRecord } from "../../documents/document-store.ts";
import { type BatchState, LISTED_FIELDS } from "./batch-state.ts";

type FieldType = BatchState["fields"][number]["types"][number];

/**
 * The state with the metadata fields, their types and the length of the vectors of documents that
 * were written. The documents of one object share one metadata, which is looked at once.
 */
export function withWritten(state: BatchState, documents: readonly DocumentRecord[]): BatchState {
  const fields = new Map(state.fields.map(({ name, types }) => [name, new Set(types)]));
  let hasMore = state.more_fields;
  for (const metadata of new Set(documents.map((document) => document.metadata))) {
    for (const [name, value] of Object.entries(metadata)) {
      const types = fields.get(name) ?? new Set<FieldType>();
      types.add(typeOf(value));
      if (fields.has(name) || fields.size < LISTED_FIELDS) fields.set(name, types);
      else hasMore = true;
    }
  }
  return {
    ...state,
    dimensions: documents[0]?.embedding.length ?? state.dimensions,
    fields: [...fields].map(([name, types]) => ({ name, types: [...types].toSorted() })),
    more_fields: hasMore,
  };
}

function typeOf(value: string | number | boolean): FieldType {
  if (typeof value === "string") return "string";
  return typeof value === "number" ? "number" : "boolean";
}
