import type { CopiedKind } from "../copied-kinds.ts";
import type { CopiedRow } from "../migration-store.ts";
import { documentId } from "../../batch/job/document-id.ts";
import type { IdMap } from "../id-map.ts";

/** The copy of a row: in the target, with the ids of copies, and otherwise the same. */
export async function mapRow(
  kind: CopiedKind,
  row: CopiedRow,
  { map }: IdMap,
  targetId: string,
): Promise<CopiedRow> {
  const copy: Record<string, unknown> = { ...row, ...kind.reset, namespace_id: targetId };
  for (const field of kind.references) {
    if (field in row) copy[field] = mapReference(row[field], map);
  }
  for (const field of kind.keyed) {
    if (field in row) copy[field] = mapKeys(row[field], map);
  }
  const _id = await otherId(kind, row, copy, map);
  // An object that was given no key has its id as one.
  if (row["key"] === row._id) copy["key"] = _id;
  return { ...copy, _id };
}

/** The id of the row that a copy is of. */
export async function sourceIdOf(
  kind: CopiedKind,
  copy: CopiedRow,
  { map }: IdMap,
): Promise<string> {
  const references = kind.references.map((field) => [field, mapReference(copy[field], map)]);
  return otherId(kind, copy, { ...copy, ...Object.fromEntries(references) }, map);
}

/**
 * The id that a row has on the other side. A document's is made of its chunk, there as here: so a
 * batch that runs in the target writes over the copies and not beside them.
 */
async function otherId(
  kind: CopiedKind,
  row: CopiedRow,
  mapped: Readonly<Record<string, unknown>>,
  map: IdMap["map"],
): Promise<string> {
  switch (kind.id) {
    case "from the row's id":
      return map(row._id);
    case "from its chunk":
      return documentId(
        String(mapped["collection_id"]),
        String(mapped["object_id"]),
        Number(mapped["chunk_index"]),
      );
  }
}

function mapReference(value: unknown, map: IdMap["map"]): unknown {
  if (typeof value === "string") return map(value);
  return Array.isArray(value) ? value.map((one) => mapReference(one, map)) : value;
}

function mapKeys(value: unknown, map: IdMap["map"]): unknown {
  if (Array.isArray(value)) return value.map((one) => mapKeys(one, map));
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [map(key), mapKeys(inner, map)]),
  );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !(value instanceof Date);
}
