/**
 * `$lookup` by the equality of two fields; through the planner, hence through an index of the other
 * collection.
 * Source: https://www.mongodb.com/docs/manual/reference/operator/aggregation/lookup/
 */
import { badValue, failedToParse, unsupported } from "../errors.ts";
import { fieldOf } from "../values/paths.ts";
import { isDoc, isRegex } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import type { StageRun } from "./types.ts";

const FIELDS = ["from", "localField", "foreignField", "as"] as const;

export function lookup(argument: unknown): StageRun {
  if (!isDoc(argument)) throw failedToParse("the $lookup specification must be an object");
  for (const field of ["pipeline", "let"]) {
    if (argument[field] !== undefined) throw unsupported(`$lookup with '${field}'`);
  }
  const stray = Object.keys(argument).find((name) => !FIELDS.some((field) => field === name));
  if (stray !== undefined) throw failedToParse(`unknown argument to $lookup: ${stray}`);
  const [from = "", localField = "", foreignField = "", as = ""] = FIELDS.map((field) => {
    const value = argument[field];
    if (typeof value !== "string" || value === "") {
      throw failedToParse(`$lookup argument '${field}' must be a string`);
    }
    if (value.startsWith("$")) throw badValue(`$lookup argument '${field}' begins with a $`);
    return value;
  });
  for (const path of [localField, as]) {
    if (path.includes(".")) throw unsupported(`$lookup with the path '${path}'`);
  }
  return (docs, environment) =>
    docs.map((doc) => ({
      ...doc,
      [as]: environment.find(from, { [foreignField]: equalTo(fieldOf(doc, localField)) }),
    }));
}

/** An array stands for its elements; what is missing finds what is missing or null. */
function equalTo(value: unknown): Doc {
  const values: unknown[] = Array.isArray(value) ? value : [value ?? null];
  // Among the values of $in a regular expression would be a pattern.
  if (values.some(isRegex)) throw unsupported("$lookup of a regular expression");
  return { $in: values };
}
