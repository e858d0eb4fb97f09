import { z } from "zod";

/**
 * How deep stored JSON may nest; MongoDB's own limit is 100, including the surrounding document.
 */
const MAX_DEPTH = 50;

const UNSTORABLE_NAME =
  "a field's name may not start with '$', hold a '.' or NUL, nor be '_bsontype' or '__proto__'; rename it, or send it all as text";

/**
 * Refuses JSON that can't be stored unchanged, and says where the fault is: databases differ over
 * field names with `$` and `.` and refuse NUL, and the driver treats `_bsontype` as its own type
 * marker.
 */
export function checkStorable(context: z.core.ParsePayload): void {
  const fault = faultIn(context.value, [], 1);
  if (fault === null) return;
  context.issues.push({ code: "custom", input: context.value, ...fault });
}

/** A JSON object that is stored as documents, at most so many characters as JSON. */
export function storableObject(maxCharacters: number) {
  return jsonObject(maxCharacters).check(checkStorable);
}

/** A JSON object that is stored as its text, in which any name may stand. */
export function storableText(maxCharacters: number) {
  return jsonObject(maxCharacters).check((context) => {
    const fault = faultIn(context.value, [], 1, () => false);
    if (fault !== null) context.issues.push({ code: "custom", input: context.value, ...fault });
  });
}

function jsonObject(maxCharacters: number) {
  return z
    .record(z.string(), z.unknown())
    .refine((value) => JSON.stringify(value).length <= maxCharacters, {
      error: `expected at most ${maxCharacters / 1024} KiB of JSON`,
    });
}

type Fault = { readonly path: PropertyKey[]; readonly message: string };

function faultIn(
  value: unknown,
  path: PropertyKey[],
  depth: number,
  isUnstorable = isUnstorableName,
): Fault | null {
  if (typeof value !== "object" || value === null) return null;
  if (depth > MAX_DEPTH) return { path, message: `expected at most ${MAX_DEPTH} levels of JSON` };
  for (const [name, child] of Object.entries(value)) {
    const here = [...path, Array.isArray(value) ? Number(name) : name];
    if (isUnstorable(name)) {
      return { path: here, message: UNSTORABLE_NAME };
    }
    const fault = faultIn(child, here, depth + 1, isUnstorable);
    if (fault !== null) return fault;
  }
  return null;
}

function isUnstorableName(name: string): boolean {
  return /^(?:\$|_bsontype$|__proto__$)|\./.test(name) || name.includes("\0");
}
