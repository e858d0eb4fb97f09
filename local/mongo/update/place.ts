/**
 * A place in a document that an update reads and writes. The document is the update's own clone.
 * Source of the refusals: https://www.mongodb.com/docs/manual/reference/operator/update/set/
 */
import { badValue, CommandError } from "../errors.ts";
import { arrayIndex, fieldOf } from "../values/paths.ts";
import { shellText } from "../values/shell.ts";
import { isDoc } from "../values/types.ts";
import type { Doc } from "../values/types.ts";

/** How far past its end an array may be padded with nulls in one write. */
const MAX_ARRAY_PADDING = 1_500_000;

export type Parts = readonly string[];

export function readPlace(doc: Doc, parts: Parts): unknown {
  let value: unknown = doc;
  for (const part of parts) {
    if (isDoc(value)) value = fieldOf(value, part);
    else if (Array.isArray(value)) {
      const index = arrayIndex(part);
      value = index === null ? undefined : value[index];
    } else return undefined;
  }
  return value;
}

export function writePlace(doc: Doc, parts: Parts, value: unknown): void {
  let holder: unknown = doc;
  for (const [depth, part] of parts.entries()) {
    const isLast = depth === parts.length - 1;
    if (isDoc(holder)) {
      if (isLast) holder[part] = value;
      else if (fieldOf(holder, part) === undefined) holder[part] = {};
      holder = holder[part];
      continue;
    }
    if (!Array.isArray(holder)) throw notViable(part, parts[depth - 1] ?? "", holder);
    const items = holder as unknown[];
    const index = arrayIndex(part);
    if (index === null) throw notViable(part, parts[depth - 1] ?? "", items);
    if (index - items.length > MAX_ARRAY_PADDING) {
      throw badValue(`can't backfill more than ${MAX_ARRAY_PADDING} elements`);
    }
    while (items.length < index) items.push(null);
    if (isLast) items[index] = value;
    else if (items[index] === undefined) items[index] = {};
    holder = items[index];
  }
}

function notViable(part: string, holderName: string, holder: unknown): CommandError {
  return new CommandError(
    28,
    `Cannot create field '${part}' in element {${holderName}: ${shellText(holder)}}`,
  );
}

/** Removing what is not there does nothing; an array's element becomes null. */
export function removePlace(doc: Doc, parts: Parts): void {
  const holder = readPlace(doc, parts.slice(0, -1));
  const last = parts.at(-1);
  if (last === undefined) return;
  if (isDoc(holder)) {
    if (Object.hasOwn(holder, last)) delete holder[last];
    return;
  }
  const index = arrayIndex(last);
  if (Array.isArray(holder) && index !== null && index < holder.length) holder[index] = null;
}
