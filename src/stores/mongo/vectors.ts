import { Binary } from "mongodb";

/**
 * The top-level `Float32Array` fields of a document as BSON vectors: Binary, subtype 9
 * (https://github.com/mongodb/specifications/blob/master/source/bson-binary-vector/bson-binary-vector.md),
 * a third of the size of an array of doubles, and what Atlas Vector Search reads.
 */
export function toStored<Row extends object>(document: Row): Row {
  return mapFields(document, (value) =>
    value instanceof Float32Array ? Binary.fromFloat32Array(value) : value,
  );
}

/** The reverse of {@link toStored}. */
export function fromStored<Row extends object>(document: Row): Row {
  return mapFields(document, (value) =>
    value instanceof Binary && value.sub_type === Binary.SUBTYPE_VECTOR
      ? value.toFloat32Array()
      : value,
  );
}

/** A copy with the mapped fields, or the same object when nothing changed. */
function mapFields<Row extends object>(document: Row, map: (value: unknown) => unknown): Row {
  const changed = Object.entries(document).flatMap(([key, value]: [string, unknown]) => {
    const mapped = map(value);
    return mapped === value ? [] : [[key, mapped] as const];
  });
  return changed.length === 0 ? document : { ...document, ...Object.fromEntries(changed) };
}
