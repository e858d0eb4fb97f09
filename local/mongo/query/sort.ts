/** Sort orders. Source: https://www.mongodb.com/docs/manual/reference/method/cursor.sort/ */
import { badValue, CommandError, unsupported } from "../errors.ts";
import { compareValues } from "../values/compare.ts";
import { someAt, splitPath } from "../values/paths.ts";
import { isDoc, toNumber } from "../values/types.ts";
import type { Doc } from "../values/types.ts";

export type SortField = { readonly path: string; readonly direction: 1 | -1 };

export function parseSort(spec: Doc): SortField[] {
  return Object.keys(spec).map((path) => {
    const value = spec[path];
    if (isDoc(value)) throw unsupported(`Sorting by ${Object.keys(value)[0] ?? "an expression"}`);
    const direction = toNumber(value);
    if (direction !== 1 && direction !== -1) {
      throw new CommandError(
        15975,
        "$sort key ordering must be 1 (for ascending) or -1 (for descending)",
      );
    }
    if (path === "") throw badValue("A sort field's name may not be empty");
    return { path, direction };
  });
}

/** An array sorts by its least element ascending and its greatest descending; empty, below null. */
function sortKey(doc: Doc, parts: readonly string[], direction: 1 | -1): unknown {
  const [name] = parts;
  if (parts.length === 1 && name !== undefined) {
    const value = Object.hasOwn(doc, name) ? doc[name] : undefined;
    if (!Array.isArray(value)) return value ?? null;
  }
  let best: { value: unknown } | null = null;
  const consider = (value: unknown): void => {
    if (best === null || compareValues(value, best.value) * direction < 0) best = { value };
  };
  someAt(doc, parts, (leaf) => {
    if (!Array.isArray(leaf)) consider(leaf ?? null);
    else if (leaf.length === 0) consider(undefined);
    else leaf.forEach(consider);
    return false;
  });
  return best === null ? null : (best as { value: unknown }).value;
}

/** Sorts without changing the input; equal documents keep their order. */
export function sortDocs<T>(
  items: readonly T[],
  sort: readonly SortField[],
  docOf: (item: T) => Doc,
): T[] {
  const fields = sort.map((field) => ({ ...field, parts: splitPath(field.path) }));
  const keyed = items.map((item) => ({
    item,
    keys: fields.map((field) => sortKey(docOf(item), field.parts, field.direction)),
  }));
  keyed.sort((a, b) => {
    for (const [i, field] of fields.entries()) {
      const order = compareValues(a.keys[i], b.keys[i]) * field.direction;
      if (order !== 0) return order;
    }
    return 0;
  });
  return keyed.map((entry) => entry.item);
}
