/**
 * Dotted paths, with MongoDB's implicit traversal of arrays.
 * Source: https://www.mongodb.com/docs/manual/tutorial/query-array-of-documents/
 */
import { badValue, CommandError } from "../errors.ts";
import { isDoc } from "./types.ts";
import type { Doc } from "./types.ts";

const ARRAY_INDEX = /^(?:0|[1-9]\d*)$/;

export function arrayIndex(part: string): number | null {
  return ARRAY_INDEX.test(part) ? Number(part) : null;
}

export function splitPath(path: string): string[] {
  const parts = path.split(".");
  // JavaScript gives this one name a meaning of its own; no test of a client needs it.
  if (parts.includes("__proto__")) throw badValue(`The field name '${path}' is not supported`);
  return parts;
}

/** Names with a dollar sign that a path of an expression may hold: the fields of a DBRef. */
const DBREF_FIELDS: ReadonlySet<string> = new Set(["$ref", "$id", "$db"]);

const HINT = "Consider using $getField or $setField.";

/**
 * A path as expressions, stages and sorts take it, without its leading dollar sign.
 * Source: https://www.mongodb.com/docs/manual/core/field-paths/
 */
export function fieldPath(path: string): string[] {
  if (path === "") {
    throw new CommandError(40352, "FieldPath cannot be constructed with empty string");
  }
  if (path.endsWith(".")) throw new CommandError(40353, "FieldPath must not end with a '.'.");
  const parts = splitPath(path);
  for (const part of parts) checkFieldName(part);
  return parts;
}

/** One part of such a path, or a field of a document in an expression. */
export function checkFieldName(name: string): void {
  if (name === "") {
    throw new CommandError(15998, "FieldPath field names may not be empty strings.");
  }
  if (name.startsWith("$") && !DBREF_FIELDS.has(name)) {
    throw new CommandError(16410, `FieldPath field names may not start with '$'. ${HINT}`);
  }
  if (name.includes(".")) {
    throw new CommandError(16412, `FieldPath field names may not contain '.'. ${HINT}`);
  }
}

/** Own fields only: a path named "constructor" must not find Object's. */
export function fieldOf(doc: Doc, name: string): unknown {
  return Object.hasOwn(doc, name) ? doc[name] : undefined;
}

/**
 * Whether any value that the path leads to passes. The test gets `undefined` where the field is
 * missing; arrays on the way are entered, an array at the end is given whole.
 */
export function someAt(
  value: unknown,
  parts: readonly string[],
  test: (leaf: unknown) => boolean,
  depth = 0,
): boolean {
  const part = parts[depth];
  if (part === undefined) return test(value);
  if (isDoc(value)) return someAt(fieldOf(value, part), parts, test, depth + 1);
  if (!Array.isArray(value)) return test(undefined);
  for (const item of value) {
    if (isDoc(item) && someAt(item, parts, test, depth)) return true;
  }
  const index = arrayIndex(part);
  if (index === null || index >= value.length) return false;
  const item: unknown = value[index];
  // A scalar element ends the path: it has no missing fields.
  if (depth + 1 < parts.length && !isDoc(item) && !Array.isArray(item)) return false;
  return someAt(item, parts, test, depth + 1);
}

/** Every value that the path leads to, arrays at the end opened: what `distinct` answers. */
export function valuesAt(doc: Doc, path: string): unknown[] {
  const values: unknown[] = [];
  someAt(doc, splitPath(path), (leaf) => {
    if (Array.isArray(leaf)) values.push(...(leaf as unknown[]));
    else if (leaf !== undefined) values.push(leaf);
    return false;
  });
  return values;
}
