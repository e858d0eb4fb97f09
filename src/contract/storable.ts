import type { z } from "zod";

/** How deep JSON that is stored as documents may be; MongoDB's own limit is 100 with what is around it. */
const MAX_DEPTH = 50;

const UNSTORABLE_NAME =
  "a field's name may not start with '$', hold a '.' or NUL, nor be '_bsontype' or '__proto__'; rename it, or send it all as text";

/**
 * Refuses JSON that can't be stored as it is: databases differ over names with `$` and `.`, refuse
 * NUL in one, and the driver takes `_bsontype` for a type of its own. Says where.
 */
export function checkStorable(context: z.core.ParsePayload): void {
  const fault = faultIn(context.value, [], 1);
  if (fault === null) return;
  context.issues.push({ code: "custom", input: context.value, ...fault });
}

type Fault = { readonly path: PropertyKey[]; readonly message: string };

function faultIn(value: unknown, path: PropertyKey[], depth: number): Fault | null {
  if (typeof value !== "object" || value === null) return null;
  if (depth > MAX_DEPTH) return { path, message: `expected at most ${MAX_DEPTH} levels of JSON` };
  for (const [name, child] of Object.entries(value)) {
    const here = [...path, Array.isArray(value) ? Number(name) : name];
    if (/^(?:\$|_bsontype$|__proto__$)|\./.test(name) || name.includes("\0")) {
      return { path: here, message: UNSTORABLE_NAME };
    }
    const fault = faultIn(child, here, depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}
