/** Source: https://www.mongodb.com/docs/manual/reference/operator/update/rename/ */
import { badValue, CommandError, failedToParse } from "../errors.ts";
import { arrayIndex, fieldOf } from "../values/paths.ts";
import { shellText } from "../values/shell.ts";
import { isDoc } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { readPlace, removePlace, writePlace } from "./place.ts";
import type { Parts } from "./place.ts";

/** Moves a field to another path. A source that is missing changes nothing. */
export function rename(doc: Doc, from: Parts, operand: unknown): void {
  if (typeof operand !== "string" || operand === "") {
    throw badValue(
      `The 'to' field for $rename must be a string: ${from.join(".")}: ${shellText(operand)}`,
    );
  }
  const to = operand.split(".");
  if (to.some((part) => part.startsWith("$"))) {
    throw failedToParse(`The destination field for $rename may not be dynamic: ${operand}`);
  }
  const value = readSource(doc, from);
  if (value === undefined) return;
  refuseArrays(doc, from, "source");
  refuseArrays(doc, to, "destination");
  removePlace(doc, from);
  writePlace(doc, to, value);
}

/** The value to move. A scalar on the way, or an array without such an index, is an error. */
function readSource(doc: Doc, parts: Parts): unknown {
  let value: unknown = doc;
  for (const [depth, part] of parts.entries()) {
    if (value === undefined) return undefined;
    const index = Array.isArray(value) ? arrayIndex(part) : null;
    if (isDoc(value)) value = fieldOf(value, part);
    else if (Array.isArray(value) && index !== null) value = value[index];
    else {
      const name = parts[depth - 1] ?? "";
      throw new CommandError(
        28,
        `cannot use the part (${name} of ${parts.join(".")}) to traverse the element ({${name}: ${shellText(value)}})`,
      );
    }
  }
  return value;
}

function refuseArrays(doc: Doc, parts: Parts, role: "source" | "destination"): void {
  const id = Object.hasOwn(doc, "_id") ? `_id: ${shellText(doc["_id"])}` : "no id";
  for (let depth = parts.length - 1; depth > 0; depth -= 1) {
    if (Array.isArray(readPlace(doc, parts.slice(0, depth)))) {
      throw badValue(
        `The ${role} field cannot be an array element, '${parts.join(".")}' in doc with ${id} has an array field called '${parts[depth - 1]}'`,
      );
    }
  }
}
